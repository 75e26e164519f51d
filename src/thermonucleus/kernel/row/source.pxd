"""The logits of a row by chunks, whole or padded."""

from libc.math cimport NAN

from thermonucleus.kernel.row.types cimport CHUNK, WAYS, View


cdef inline Py_ssize_t chunk_count(Py_ssize_t size) noexcept nogil:
    return (size + CHUNK - 1) // CHUNK


cdef inline Py_ssize_t chunk_length(Py_ssize_t size, Py_ssize_t chunk) noexcept nogil:
    cdef Py_ssize_t rest = size - chunk * CHUNK
    return CHUNK if rest > CHUNK else rest


cdef inline Py_ssize_t group_count(Py_ssize_t size) noexcept nogil:
    return chunk_count(size) * WAYS


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
