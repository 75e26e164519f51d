"""The logits of a row: the only place that reads them. By whole chunks, by parts of any length, or one.

A row may be edited: what lies outside of `present` counts as -inf, and what lies inside may be bent, as quadratic smoothing does
it. A bent logit is the float32 nearest to d^2 (cubic d - quadratic), d being its distance from the largest one, `top`, at the
temperature so far: d = (x - top) cooling, at most 0. So the largest becomes 0, and the order stays; logits that become the same
float are equal
from there on.
"""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY, NAN

from thermonucleus.kernel.row.types cimport CHUNK, WAYS, Interval, Source


cdef inline Source source_of(const float* row, Py_ssize_t size) noexcept nogil:
    """A row as it is."""
    return Source(row, size, False, Interval(-INFINITY, INFINITY), False, 0.0, 1.0, 0.0, 0.0)


cdef inline Py_ssize_t chunk_count(Py_ssize_t size) noexcept nogil:
    return (size + CHUNK - 1) // CHUNK


cdef inline Py_ssize_t chunk_length(Py_ssize_t size, Py_ssize_t chunk) noexcept nogil:
    cdef Py_ssize_t rest = size - chunk * CHUNK
    return CHUNK if rest > CHUNK else rest


cdef inline Py_ssize_t group_count(Py_ssize_t size) noexcept nogil:
    return chunk_count(size) * WAYS


cdef inline const float* part_of(const Source* source, Py_ssize_t start, Py_ssize_t count, float* spare) noexcept nogil:
    """So many logits from a token on; in `spare`, which has room for them, if they are edited."""
    if source.edited:
        edit(source, source.values + start, count, spare)
        return spare
    return source.values + start


cdef inline float logit_at(const Source* source, Py_ssize_t token) noexcept nogil:
    return edited(source, source.values[token]) if source.edited else source.values[token]


cdef inline const float* whole_chunk(const Source* source, Py_ssize_t chunk, float* spare) noexcept nogil:
    """The CHUNK logits of a chunk; those of an incomplete one in `spare`, with NaN after them, which is on no side of a pivot."""
    cdef Py_ssize_t i, n = chunk_length(source.size, chunk)
    cdef const float* x = part_of(source, chunk * CHUNK, n, spare)
    if n == CHUNK:
        return x
    for i in range(n):
        spare[i] = x[i]
    for i in range(n, CHUNK):
        spare[i] = NAN
    return spare


cdef inline void edit(const Source* source, const float* x, Py_ssize_t count, float* out) noexcept nogil:
    """The same as `edited` for each, in loops of one kind only, as compilers vectorise them. `out` may be `x`."""
    cdef Source local = source[0]
    cdef Py_ssize_t i
    if local.bent:
        for i in range(count):
            out[i] = bend(&local, x[i]) if (x[i] >= local.present.low) & (x[i] < local.present.high) else <float> -INFINITY
    else:
        for i in range(count):
            out[i] = x[i] if (x[i] >= local.present.low) & (x[i] < local.present.high) else <float> -INFINITY


cdef inline float edited(const Source* source, float x) noexcept nogil:
    if not source.present.low <= x < source.present.high:
        return <float> -INFINITY
    return bend(source, x) if source.bent else x


cdef inline float bend(const Source* source, float x) noexcept nogil:
    cdef double d = (<double> x - source.top) * source.cooling
    cdef double bent = d * d * (source.cubic * d - source.quadratic)
    return <float> (bent if bent > -FLT_MAX else -FLT_MAX)
