"""What the rooms of the kernel hand to each other.

    logits row -> summary -> cutoff -> draw -> token
"""

from libc.math cimport NAN
from libc.stdint cimport int64_t

from thermonucleus.kernel.check cimport CHECK

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

cdef extern from *:
    """
    #define THERMONUCLEUS_LANES 16
    #define THERMONUCLEUS_CHUNK 512
    #define THERMONUCLEUS_WAYS 32
    #define THERMONUCLEUS_MANY 128
    #define THERMONUCLEUS_SHORT 8192
    #define THERMONUCLEUS_BRIEF 1024
    #define THERMONUCLEUS_SAMPLE 4096

    #if THERMONUCLEUS_WAYS != 2 * THERMONUCLEUS_LANES
    #error "sums in 2 LANES lanes and the groups of a chunk are walked together"
    #endif
    #if THERMONUCLEUS_CHUNK != 16 * THERMONUCLEUS_WAYS || THERMONUCLEUS_CHUNK / THERMONUCLEUS_WAYS > 32
    #error "a group has 16 members: `mark_group` has a bit of 32 for each"
    #endif
    #if THERMONUCLEUS_WAYS > 32
    #error "`mark_groups` has a bit of 32 for each group of a chunk"
    #endif
    #if THERMONUCLEUS_CHUNK != 4 * THERMONUCLEUS_MANY
    #error "the loops of masses.pxd and crude.pxd add up four floats of a chunk in each of MANY lanes"
    #endif
    #if THERMONUCLEUS_MANY != 4 * THERMONUCLEUS_WAYS
    #error "`summarize_chunk` compares four floats of a group at once, and `halve` makes 2 LANES lanes of MANY"
    #endif
    #if THERMONUCLEUS_SAMPLE % THERMONUCLEUS_MANY
    #error "samples are summed in MANY lanes"
    #endif
    #if THERMONUCLEUS_SHORT % THERMONUCLEUS_CHUNK || THERMONUCLEUS_BRIEF % THERMONUCLEUS_CHUNK
    #error "what is short or brief is whole chunks"
    #endif
    #if THERMONUCLEUS_CHUNK != 512 || THERMONUCLEUS_MANY != 128 || THERMONUCLEUS_WAYS != 32
    #error "loops spell CHUNK as 512, MANY as 128 and WAYS as 32, for Cython needs a literal to know which way a loop runs"
    #endif
    """
    cdef enum:
        # Sums run in this many lanes at every instruction level, so that they round the same way at every level.
        LANES "THERMONUCLEUS_LANES"
        # A chunk of floats (2 KiB) and its weights stay in the L1 cache between two loops.
        CHUNK "THERMONUCLEUS_CHUNK"
        # Every WAYS-th float of a chunk belongs to one group of 16, whose maximum says whether any of them need be looked at.
        # (More than 16 ways also, since gcc unrolls a loop of 16 altogether, and then does not vectorise it.)
        WAYS "THERMONUCLEUS_WAYS"
        # Floats are added up in this many lanes: a lane has one float of each quarter of a chunk.
        MANY "THERMONUCLEUS_MANY"
        # Survivors of a cutoff are copied out, and searched there, once there are at most this many.
        SHORT "THERMONUCLEUS_SHORT"
        # Whole rows up to this size are weighed in float64 at once.
        BRIEF "THERMONUCLEUS_BRIEF"
        # Logits of a sample of a longer row, at most.
        SAMPLE "THERMONUCLEUS_SAMPLE"

cdef struct Settings:
    double temperature
    double top_k
    double top_p
    double min_p
    double temperature_last     # 0, or 1: the other three cut at temperature 1

# The map from a logit to its weight, the unnormalised probability (see exp2.pxd).
cdef struct Scale:
    float base
    float high
    float low
    float magic
    float floor
    double slope
    double reference

# What a row's running sums hold of its weights while survivors are about.
cdef enum Sums:
    NOTHING             # the survivors are all that is kept
    OTHERS              # all else that is kept
    ALL                 # all that is kept, and the survivors, which are not

# A row; or the survivors of one, whose token ids are in `ids`.
cdef struct View:
    const float* values
    Py_ssize_t size
    const int64_t* ids
    float* groups       # the maximum of each group of the row: a chunk has WAYS of them
    float* maxima       # the maximum of each chunk of the row
    Sums summed         # nothing yet, unless these are survivors

# All a draw needs to know of a row: tokens at or above `cutoff` are kept, a weight times `share` is a probability.
cdef struct Reading:
    Scale scale
    float cutoff
    float share
    bint weighed        # whether the weights of the kept are where the probabilities are to be
    Py_ssize_t greedy   # the only token there is to draw at temperature 0, else -1

# Some of the row's logits, and what each stands for.
cdef struct Sample:
    float* values
    float* weights      # in units of 2**64; 1 each where tokens are counted; times what the logit stands for
    Py_ssize_t size
    Py_ssize_t certain  # the first of them stand for themselves alone
    double share        # the number of tokens that each of the others stands for

# Where a quantile is thought to be, and the mass a logit there; 0 if that is not known.
cdef struct Hint:
    float logit
    double density

# Working memory of one row at a time.
cdef struct Scratch:
    double* weights     # of survivors
    int64_t* ids        # of survivors
    float* values       # of survivors
    Sample sample
    float* groups
    float* maxima
    double* sums        # of the weights above the bracket of a search, for each chunk


cdef inline Py_ssize_t chunk_count(Py_ssize_t size) noexcept nogil:
    return (size + CHUNK - 1) // CHUNK


cdef inline Py_ssize_t chunk_length(Py_ssize_t size, Py_ssize_t chunk) noexcept nogil:
    cdef Py_ssize_t rest = size - chunk * CHUNK
    return CHUNK if rest > CHUNK else rest


cdef inline const float* whole_chunk(const View* row, Py_ssize_t chunk, float* spare) noexcept nogil:
    """The CHUNK values of a chunk; those of an incomplete one in `spare`, with NaN after them, which is on no side of a pivot."""
    cdef const float* x = row.values + chunk * CHUNK
    cdef Py_ssize_t i, n = chunk_length(row.size, chunk)
    if n == CHUNK:
        return x
    for i in range(n):
        spare[i] = x[i]
    for i in range(n, CHUNK):
        spare[i] = NAN
    return spare


cdef inline Py_ssize_t group_count(Py_ssize_t size) noexcept nogil:
    return chunk_count(size) * WAYS


cdef inline Py_ssize_t short_room(Py_ssize_t size) noexcept nogil:
    """Room for SHORT survivors, and for the chunk that is being copied when there turn out to be more."""
    return (size if size < SHORT else SHORT) + CHUNK


cdef inline size_t scratch_bytes(Py_ssize_t size) noexcept nogil:
    return (
        short_room(size) * (sizeof(double) + sizeof(int64_t) + sizeof(float))
        + (2 * sample_room(size) + group_count(size) + chunk_count(size)) * sizeof(float)
        + 7 * GAP
    )


cdef inline size_t lone_bytes(Py_ssize_t size) noexcept nogil:
    """Memory of a row that is read and drawn from alone: its running sums, and the scratch behind them."""
    return chunk_count(size) * sizeof(double) + scratch_bytes(size)


cdef inline void* scratch_behind(double* running, Py_ssize_t size) noexcept nogil:
    return running + chunk_count(size)


cdef inline Py_ssize_t sample_room(Py_ssize_t size) noexcept nogil:
    """Rows of at most BRIEF tokens are not sampled. Sums run over whole multiples of MANY, so up to MANY behind the sample."""
    return SAMPLE + MANY if size > BRIEF else 0


cdef inline Scratch carve(void* memory, Py_ssize_t size, double* sums) noexcept nogil:
    """Lay out `scratch_bytes(size)` bytes, and the row's room for running sums, which are worked out in place."""
    cdef Scratch scratch
    cdef Py_ssize_t room = short_room(size)
    cdef char* free = <char*> memory
    clear_gaps(memory, scratch_bytes(size))
    scratch.weights = <double*> place(&free, room * sizeof(double))
    scratch.ids = <int64_t*> place(&free, room * sizeof(int64_t))
    scratch.values = <float*> place(&free, room * sizeof(float))
    scratch.sample.size = scratch.sample.certain = 0
    scratch.sample.share = 0.0
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
