"""What the rooms of the kernel hand to each other.

    logits row -> summary -> cutoff -> draw -> token
"""

from libc.stdint cimport int64_t

cdef enum:
    # A chunk of floats (2 KiB) and its weights stay in the L1 cache between two loops.
    CHUNK = 512
    # Sums run in this many lanes at every instruction level, so that they round the same way at every level.
    LANES = 16
    # Survivors of a cutoff are copied out, and searched there, once there are at most this many.
    SHORT = 4096

cdef struct Settings:
    double temperature
    double top_k
    double top_p
    double min_p

# The map from a logit to its weight, the unnormalised probability (see exp2.pxd).
cdef struct Scale:
    float base
    float high
    float low
    float magic
    float floor
    double slope
    double reference

# A row, or what is left of one: `ids` is NULL while a value's position is its token id.
cdef struct View:
    const float* values
    const int64_t* ids
    Py_ssize_t size
    float* maxima       # one for each chunk of `values`

# All a draw needs to know of a row: tokens at or above `cutoff` are kept, a weight times `share` is a probability.
cdef struct Reading:
    Scale scale
    float cutoff
    float share
    Py_ssize_t greedy   # the only token there is to draw at temperature 0, else -1

# Working memory of one row at a time; `carve` below lays it out.
cdef struct Scratch:
    float* maxima
    float* values
    int64_t* ids
    float* value_maxima
    float* heap


cdef inline Py_ssize_t chunk_count(Py_ssize_t size) noexcept nogil:
    return (size + CHUNK - 1) // CHUNK


cdef inline Py_ssize_t chunk_length(Py_ssize_t size, Py_ssize_t chunk) noexcept nogil:
    cdef Py_ssize_t rest = size - chunk * CHUNK
    return CHUNK if rest > CHUNK else rest


cdef inline Py_ssize_t short_capacity(Py_ssize_t size) noexcept nogil:
    """Room for SHORT survivors and the chunk that is being copied when there turn out to be more."""
    return (size if size < SHORT else SHORT) + CHUNK


cdef inline size_t scratch_bytes(Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t room = short_capacity(size)
    return room * sizeof(int64_t) + (2 * room + chunk_count(size) + chunk_count(room)) * sizeof(float)


cdef inline Scratch carve(void* memory, Py_ssize_t size) noexcept nogil:
    cdef Scratch scratch
    cdef Py_ssize_t room = short_capacity(size)
    scratch.ids = <int64_t*> memory
    scratch.values = <float*> (scratch.ids + room)
    scratch.heap = scratch.values + room
    scratch.value_maxima = scratch.heap + room
    scratch.maxima = scratch.value_maxima + chunk_count(room)
    return scratch
