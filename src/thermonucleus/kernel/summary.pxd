"""The summary of a row: the maximum of each group, of each chunk and of all, and whether the row can be sampled from.

One read of the row. Everything after it looks only where a maximum says that it matters.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.row cimport CHUNK, WAYS, View, chunk_count, chunk_length


cdef inline bint summarize(View* row, float* maximum) noexcept nogil:
    """Fill the maxima. False if the row holds NaN or +inf, or nothing but -inf."""
    cdef Py_ssize_t chunk
    cdef bint sound = True
    cdef float highest = -INFINITY
    for chunk in range(chunk_count(row.size)):
        sound &= summarize_chunk(
            row.values + chunk * CHUNK, chunk_length(row.size, chunk), row.groups + chunk * WAYS, &row.maxima[chunk]
        )
        highest = row.maxima[chunk] if row.maxima[chunk] > highest else highest
    maximum[0] = highest
    return sound and -INFINITY < highest < INFINITY


cdef inline bint summarize_chunk(const float* x, Py_ssize_t n, float* groups, float* maximum) noexcept nogil:
    """The maxima of up to CHUNK floats; False if one of them is NaN, which a comparison would pass over."""
    cdef float highest[WAYS]
    cdef int sound[WAYS]
    cdef Py_ssize_t i, j, whole = n - n % WAYS
    for j in range(WAYS):
        highest[j] = -INFINITY
        sound[j] = 1
    for i in range(0, whole, 32):
        for j in range(WAYS):
            highest[j] = x[i + j] if x[i + j] > highest[j] else highest[j]
            sound[j] &= x[i + j] == x[i + j]
    for i in range(whole, n):
        highest[i - whole] = x[i] if x[i] > highest[i - whole] else highest[i - whole]
        sound[i - whole] &= x[i] == x[i]
    for j in range(WAYS):
        groups[j] = highest[j]
    for j in range(1, WAYS):
        highest[0] = highest[j] if highest[j] > highest[0] else highest[0]
        sound[0] &= sound[j]
    maximum[0] = highest[0]
    return sound[0]


cdef inline Py_ssize_t first_at(const View* row, float value) noexcept nogil:
    """Lowest index that holds the value, which is at most the maximum of its chunk."""
    cdef Py_ssize_t chunk = 0, i
    while row.maxima[chunk] < value:
        chunk += 1
    i = chunk * CHUNK
    while row.values[i] != value:
        i += 1
    return i
