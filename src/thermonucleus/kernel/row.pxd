"""What the rooms of the kernel hand to each other.

    logits row -> summary -> cutoff -> draw -> token
"""

from libc.stdint cimport int64_t

cdef enum:
    # Sums run in this many lanes at every instruction level, so that they round the same way at every level.
    LANES = 16
    # A chunk of floats (2 KiB) and its weights stay in the L1 cache between two loops.
    CHUNK = 512
    # Every WAYS-th float of a chunk belongs to one group of 16, whose maximum says whether any of them need be looked at.
    # (More than 16 ways also, since gcc unrolls a loop of 16 altogether, and then does not vectorise it.)
    WAYS = 32
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

# A row; or the survivors of one, whose token ids are in `ids` and whose maxima are not kept (all three NULL otherwise).
cdef struct View:
    const float* values
    Py_ssize_t size
    const int64_t* ids
    float* groups       # the maximum of each group: a chunk has WAYS of them
    float* maxima       # the maximum of each chunk

# All a draw needs to know of a row: tokens at or above `cutoff` are kept, a weight times `share` is a probability.
cdef struct Reading:
    Scale scale
    float cutoff
    float share
    Py_ssize_t greedy   # the only token there is to draw at temperature 0, else -1

# Working memory of one row at a time.
cdef struct Scratch:
    double* weights     # of survivors, or of a sample
    int64_t* ids        # of survivors
    float* values       # of survivors
    float* sample
    float* groups
    float* maxima


cdef inline Py_ssize_t chunk_count(Py_ssize_t size) noexcept nogil:
    return (size + CHUNK - 1) // CHUNK


cdef inline Py_ssize_t chunk_length(Py_ssize_t size, Py_ssize_t chunk) noexcept nogil:
    cdef Py_ssize_t rest = size - chunk * CHUNK
    return CHUNK if rest > CHUNK else rest


cdef inline Py_ssize_t group_count(Py_ssize_t size) noexcept nogil:
    return chunk_count(size) * WAYS


cdef inline Py_ssize_t short_room(Py_ssize_t size) noexcept nogil:
    """Room for SHORT survivors, and for the block that is being copied when there turn out to be more."""
    return (size if size < SHORT else SHORT) + LANES


cdef inline size_t scratch_bytes(Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t room = short_room(size)
    return (
        room * (sizeof(double) + sizeof(int64_t) + 2 * sizeof(float))
        + (group_count(size) + chunk_count(size)) * sizeof(float)
    )


cdef inline Scratch carve(void* memory, Py_ssize_t size) noexcept nogil:
    """Lay out `scratch_bytes(size)` bytes."""
    cdef Scratch scratch
    cdef Py_ssize_t room = short_room(size)
    scratch.weights = <double*> memory
    scratch.ids = <int64_t*> (scratch.weights + room)
    scratch.values = <float*> (scratch.ids + room)
    scratch.sample = scratch.values + room
    scratch.groups = scratch.sample + room
    scratch.maxima = scratch.groups + group_count(size)
    return scratch
