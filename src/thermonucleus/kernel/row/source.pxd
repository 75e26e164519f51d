"""The logits of a row: the only place that reads them. By whole chunks, by parts of any length, or one."""

from libc.math cimport NAN

from thermonucleus.kernel.row.types cimport CHUNK, WAYS, Source


cdef inline Py_ssize_t chunk_count(Py_ssize_t size) noexcept nogil:
    return (size + CHUNK - 1) // CHUNK


cdef inline Py_ssize_t chunk_length(Py_ssize_t size, Py_ssize_t chunk) noexcept nogil:
    cdef Py_ssize_t rest = size - chunk * CHUNK
    return CHUNK if rest > CHUNK else rest


cdef inline Py_ssize_t group_count(Py_ssize_t size) noexcept nogil:
    return chunk_count(size) * WAYS


cdef inline const float* part_of(const Source* source, Py_ssize_t start) noexcept nogil:
    """The logits from a token on, up to the end of its chunk at the least."""
    return source.values + start


cdef inline float logit_at(const Source* source, Py_ssize_t token) noexcept nogil:
    return source.values[token]


cdef inline const float* whole_chunk(const Source* source, Py_ssize_t chunk, float* spare) noexcept nogil:
    """The CHUNK logits of a chunk; those of an incomplete one in `spare`, with NaN after them, which is on no side of a pivot."""
    cdef const float* x = part_of(source, chunk * CHUNK)
    cdef Py_ssize_t i, n = chunk_length(source.size, chunk)
    if n == CHUNK:
        return x
    for i in range(n):
        spare[i] = x[i]
    for i in range(n, CHUNK):
        spare[i] = NAN
    return spare
