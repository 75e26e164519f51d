"""The working memory of a row: one piece, laid out in arrays whose sizes follow from the size of the row alone."""

from libc.stdint cimport int64_t

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.source cimport chunk_count, group_count
from thermonucleus.kernel.row.types cimport BRIEF, CHUNK, MANY, SAMPLE, SHORT, Sample


cdef extern from *:
    """
    /* With the address sanitizer, the arrays of a row's working memory lie apart, and the gaps between them must not be touched. */
    #if defined(__has_feature)
    #if __has_feature(address_sanitizer)
    #define THERMONUCLEUS_GUARDS_GAPS
    #endif
    #endif
    #if defined(__SANITIZE_ADDRESS__) || defined(THERMONUCLEUS_GUARDS_GAPS)
    #include <sanitizer/asan_interface.h>
    #define THERMONUCLEUS_GAP 64
    #define THERMONUCLEUS_GUARD_GAP(start) ASAN_POISON_MEMORY_REGION(start, THERMONUCLEUS_GAP)
    #define THERMONUCLEUS_CLEAR_GAPS(start, size) ASAN_UNPOISON_MEMORY_REGION(start, size)
    #else
    #define THERMONUCLEUS_GAP 0
    #define THERMONUCLEUS_GUARD_GAP(start) ((void) (start))
    #define THERMONUCLEUS_CLEAR_GAPS(start, size) ((void) (start))
    #endif
    """
    cdef enum:
        GAP "THERMONUCLEUS_GAP"
    void guard_gap "THERMONUCLEUS_GUARD_GAP"(char* start) noexcept nogil
    void clear_gaps "THERMONUCLEUS_CLEAR_GAPS"(void* start, size_t size) noexcept nogil


# Working memory of one row at a time.
cdef struct Scratch:
    double* weights     # of survivors
    double* keys        # of survivors, where it is not their logits that they are ordered by
    int64_t* ids        # of survivors
    float* values       # of survivors
    float* ordered      # logits, sorted
    float* spare        # room to sort them
    Sample sample
    float* groups
    float* maxima
    double* sums        # of the weights above the bracket of a search, for each chunk


cdef inline Py_ssize_t short_room(Py_ssize_t size) noexcept nogil:
    """Room for SHORT survivors, and for the chunk that is being copied when there turn out to be more."""
    return (size if size < SHORT else SHORT) + CHUNK


cdef inline Py_ssize_t sample_room(Py_ssize_t size) noexcept nogil:
    """Rows of at most BRIEF tokens are not sampled. Sums run over whole multiples of MANY, so up to MANY behind the sample."""
    return SAMPLE + MANY if size > BRIEF else 0


cdef inline size_t scratch_bytes(Py_ssize_t size) noexcept nogil:
    return (
        short_room(size) * (2 * sizeof(double) + sizeof(int64_t) + 3 * sizeof(float))
        + (2 * sample_room(size) + group_count(size) + chunk_count(size)) * sizeof(float)
        + 10 * GAP
    )


cdef inline size_t lone_bytes(Py_ssize_t size) noexcept nogil:
    """Memory of a row that is read and drawn from alone: its running sums, and the scratch behind them."""
    return chunk_count(size) * sizeof(double) + scratch_bytes(size)


cdef inline void* scratch_behind(double* running, Py_ssize_t size) noexcept nogil:
    return running + chunk_count(size)


cdef inline Scratch carve(void* memory, Py_ssize_t size, double* sums) noexcept nogil:
    """Lay out `scratch_bytes(size)` bytes, and the row's room for running sums, which are worked out in place."""
    cdef Scratch scratch
    cdef Py_ssize_t room = short_room(size)
    cdef char* free = <char*> memory
    clear_gaps(memory, scratch_bytes(size))
    scratch.weights = <double*> place(&free, room * sizeof(double))
    scratch.keys = <double*> place(&free, room * sizeof(double))
    scratch.ids = <int64_t*> place(&free, room * sizeof(int64_t))
    scratch.values = <float*> place(&free, room * sizeof(float))
    scratch.ordered = <float*> place(&free, room * sizeof(float))
    scratch.spare = <float*> place(&free, room * sizeof(float))
    scratch.sample.size = scratch.sample.certain = 0
    scratch.sample.weight_each = 0.0
    scratch.sample.values = <float*> place(&free, sample_room(size) * sizeof(float))
    scratch.sample.weights = <float*> place(&free, sample_room(size) * sizeof(float))
    scratch.groups = <float*> place(&free, group_count(size) * sizeof(float))
    scratch.maxima = <float*> place(&free, chunk_count(size) * sizeof(float))
    scratch.sums = sums
    CHECK(<size_t> (free - <char*> memory) == scratch_bytes(size))
    return scratch


cdef inline void* place(char** free, size_t size) noexcept nogil:
    """Take so many bytes off what is free, and a gap behind them."""
    cdef char* taken = free[0]
    guard_gap(taken + size)
    free[0] = taken + size + GAP
    return taken
