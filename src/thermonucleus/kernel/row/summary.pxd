"""The summary of a row: the maximum of each group, of each chunk and of all, and whether the row can be sampled from.

One read of the row. Everything after it looks only where a maximum says that it matters.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.source cimport chunk_count, logit_at, part_of
from thermonucleus.kernel.row.types cimport CHUNK, WAYS, Row


cdef extern from *:
    """
    /* A row seldom starts where a cache line does, and then every read of 64 bytes touches two lines: reading the row so takes a
       third longer than by 32 bytes (Zen 5). The other loops compute more than they read. The attribute holds only as long as the
       function is not inlined; noinline is not for functions that Cython declares inline, as it does all of a .pxd, but a call
       through a volatile pointer is none that a compiler can inline. */
    #if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
    #define THERMONUCLEUS_IS_NARROW 1
    #define THERMONUCLEUS_NARROW __attribute__((target("prefer-vector-width=256"))) void
    #else
    #define THERMONUCLEUS_IS_NARROW 0
    #define THERMONUCLEUS_NARROW void
    #endif
    """
    const bint IS_NARROW "THERMONUCLEUS_IS_NARROW"
    ctypedef void narrow_void "THERMONUCLEUS_NARROW"

ctypedef void (*summarizer)(Row*, Py_ssize_t, int*) noexcept nogil


cdef inline bint summarize(Row* row, float* maximum) noexcept nogil:
    """Fill the maxima. False if the row holds NaN or +inf, or nothing but -inf."""
    cdef int sound[WAYS]
    cdef float spare[CHUNK]
    cdef Py_ssize_t way, size = row.source.size, whole = size // CHUNK
    for way in range(WAYS):
        sound[way] = 1
    if IS_NARROW:
        summarize_narrowly(row, whole, sound)
    else:
        summarize_chunks(row, whole, sound)
    if whole < chunk_count(size):
        summarize_rest(
            part_of(&row.source, whole * CHUNK, size - whole * CHUNK, spare), size - whole * CHUNK, row.groups + whole * WAYS, sound
        )
    maximum[0] = fill_maxima(row)
    return is_sound(sound, maximum[0])


cdef inline float fill_maxima(Row* row) noexcept nogil:
    """The maxima of the chunks, from those of the groups; returns the largest."""
    cdef Py_ssize_t chunk
    cdef float highest = -INFINITY
    for chunk in range(chunk_count(row.source.size)):
        row.maxima[chunk] = largest(row.groups + chunk * WAYS)
        highest = larger(row.maxima[chunk], highest)
    return highest


cdef inline bint is_sound(const int* sound, float maximum) noexcept nogil:
    """Whether a row can be sampled from: no lane has seen NaN, and the largest logit is a number."""
    cdef int all_sound = 1
    cdef Py_ssize_t way
    for way in range(WAYS):
        all_sound &= sound[way]
    return all_sound and -INFINITY < maximum < INFINITY


cdef inline void summarize_narrowly(Row* row, Py_ssize_t count, int* sound) noexcept nogil:
    cdef volatile summarizer narrow = <summarizer> summarize_chunks
    narrow(row, count, sound)


cdef inline float larger(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline narrow_void summarize_chunks(Row* row, Py_ssize_t count, int* sound) noexcept nogil:
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk
    for chunk in range(count):
        summarize_chunk(part_of(&row.source, chunk * CHUNK, CHUNK, spare), row.groups + chunk * WAYS, sound)


cdef inline void summarize_chunk(const float* x, float* groups, int* sound) noexcept nogil:
    """The maxima of CHUNK floats; `sound` becomes 0 where one of them is NaN, which a comparison would pass over."""
    cdef float highest[WAYS]
    cdef Py_ssize_t i, j
    cdef float a, b, c, d
    for j in range(WAYS):
        highest[j] = -INFINITY
    for i in range(0, 512, 128):
        for j in range(WAYS):
            # Four at once, so that few maxima wait in memory for the next; and one instruction tells whether either of two is NaN.
            a = x[i + j]
            b = x[i + j + 32]
            c = x[i + j + 64]
            d = x[i + j + 96]
            sound[j] &= ((a == a) & (b == b)) & ((c == c) & (d == d))
            highest[j] = larger(larger(larger(a, b), larger(c, d)), highest[j])
    for j in range(WAYS):
        groups[j] = highest[j]


cdef inline void summarize_rest(const float* x, Py_ssize_t n, float* groups, int* sound) noexcept nogil:
    """The same for less than CHUNK floats."""
    cdef Py_ssize_t i, j, whole = n - n % WAYS
    for j in range(WAYS):
        groups[j] = -INFINITY
    for i in range(0, whole, 32):
        for j in range(WAYS):
            sound[j] &= x[i + j] == x[i + j]
            groups[j] = larger(x[i + j], groups[j])
    for j in range(n - whole):
        sound[j] &= x[whole + j] == x[whole + j]
        groups[j] = larger(x[whole + j], groups[j])


cdef inline float largest(const float* groups) noexcept nogil:
    """The largest of WAYS floats, by halves: a comparison after the other would wait for each."""
    cdef float eight[8]
    cdef float four[4]
    cdef Py_ssize_t j
    for j in range(8):
        eight[j] = larger(larger(groups[j], groups[j + 8]), larger(groups[j + 16], groups[j + 24]))
    for j in range(4):
        four[j] = larger(eight[j], eight[j + 4])
    return larger(larger(four[0], four[2]), larger(four[1], four[3]))


cdef inline Py_ssize_t first_at(const Row* row, float value) noexcept nogil:
    """Lowest index that holds the row's maximum; -1 if it is no longer there, another thread having written to the row."""
    cdef Py_ssize_t chunk = 0, i
    while chunk < chunk_count(row.source.size) - 1 and row.maxima[chunk] < value:
        chunk += 1
    for i in range(chunk * CHUNK, row.source.size):
        if logit_at(&row.source, i) == value:
            return i
    CHECK(False)
    return -1
