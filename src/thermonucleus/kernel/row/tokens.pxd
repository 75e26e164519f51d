"""The tokens of a row in pieces of CHUNK, be they all of it or copies, for what adds something up over those that are kept."""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY, NAN

from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, whole_chunk
from thermonucleus.kernel.row.types cimport CHUNK, WAYS, Interval, Row


cdef inline Interval finite_kept(const Row* row) noexcept nogil:
    """What is kept, less the tokens at -inf, which are absent."""
    return Interval(max(row.kept.low, <float> -FLT_MAX), row.kept.high)


cdef inline bint is_empty(const Row* row, Py_ssize_t chunk, float low) noexcept nogil:
    """Whether a piece is known to have no token at or above `low`."""
    return row.ids == NULL and row.maxima[chunk] < low


cdef inline const float* piece_of(const Row* row, Py_ssize_t chunk, float* spare) noexcept nogil:
    """CHUNK logits; NaN follows, which is in no interval, where the tokens are fewer."""
    cdef Py_ssize_t i, n
    if row.ids == NULL:
        return whole_chunk(&row.source, chunk, spare)
    n = chunk_length(row.size, chunk)
    if n == CHUNK:
        return row.values + chunk * CHUNK
    for i in range(n):
        spare[i] = row.values[chunk * CHUNK + i]
    for i in range(n, CHUNK):
        spare[i] = NAN
    return spare


cdef inline Py_ssize_t count_inside(const Row* row, float low, float high) noexcept nogil:
    """The number of tokens with low <= x < high."""
    cdef float spare[CHUNK]
    cdef const float* x
    cdef Py_ssize_t chunk, i, count = 0
    cdef int found
    for chunk in range(chunk_count(row.size)):
        if not is_empty(row, chunk, low):
            x = piece_of(row, chunk, spare)
            found = 0
            for i in range(512):
                found += (x[i] >= low) & (x[i] < high)
            count += found
    return count


cdef inline Py_ssize_t count_kept(const Row* row) noexcept nogil:
    cdef Interval kept = finite_kept(row)
    return count_inside(row, kept.low, kept.high)


cdef inline float least_from(const Row* row, float low) noexcept nogil:
    """The least logit at or above `low`; +inf if there is none."""
    cdef float spare[CHUNK]
    cdef float lanes[WAYS]
    cdef float least = INFINITY
    cdef const float* x
    cdef Py_ssize_t chunk, i, j
    for j in range(WAYS):
        lanes[j] = INFINITY
    for chunk in range(chunk_count(row.size)):
        if not is_empty(row, chunk, low):
            x = piece_of(row, chunk, spare)
            for i in range(0, 512, 32):
                for j in range(WAYS):
                    lanes[j] = x[i + j] if (x[i + j] >= low) & (x[i + j] < lanes[j]) else lanes[j]
    for j in range(WAYS):
        least = lanes[j] if lanes[j] < least else least
    return least


cdef inline float largest_kept(const Row* row) noexcept nogil:
    cdef float spare[CHUNK]
    cdef float lanes[WAYS]
    cdef Interval kept = finite_kept(row)
    cdef float largest = -INFINITY
    cdef const float* x
    cdef Py_ssize_t chunk, i, j
    for j in range(WAYS):
        lanes[j] = -INFINITY
    for chunk in range(chunk_count(row.size)):
        if not is_empty(row, chunk, largest):
            x = piece_of(row, chunk, spare)
            for i in range(0, 512, 32):
                for j in range(WAYS):
                    lanes[j] = x[i + j] if (x[i + j] < kept.high) & (x[i + j] > lanes[j]) else lanes[j]
    for j in range(WAYS):
        largest = lanes[j] if lanes[j] > largest else largest
    return largest
