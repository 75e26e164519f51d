"""Running sums of the kept weights over the chunks of a row, which a draw looks its token up in."""

from libc.string cimport memcpy

from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, part_of, whole_chunk
from thermonucleus.kernel.row.types cimport ALL, CHUNK, NOTHING, Interval, Row, Scale
from thermonucleus.kernel.weights.chunk_sums cimport kept_mass
from thermonucleus.kernel.weights.single cimport chunk_weights


cdef inline double sum_chunks(
    const Row* row, const Scale* scale, const Interval* kept, Py_ssize_t chunks, double* running
) noexcept nogil:
    """Running sums of the kept weights over the chunks of the row; returns the last, the kept mass."""
    cdef Py_ssize_t chunk
    if row.ids == NULL:
        sum_row(row, scale, kept, running)
    else:
        if row.sums_cover == NOTHING:
            for chunk in range(chunks):
                running[chunk] = 0.0
        add_survivors(row, scale, -1.0 if row.sums_cover == ALL else 1.0, running)
    return accumulate(row, kept, chunks, running)


cdef inline double weigh_row(
    const Row* row, const Scale* scale, const Interval* kept, double* running, float* weights
) noexcept nogil:
    """As `sum_chunks`, of a row that is not narrowed to survivors, and leave the kept weights in `weights`, 0 for the others."""
    cdef float spare[CHUNK]
    cdef float spare_weights[CHUNK]
    cdef Py_ssize_t chunk, whole = row.size // CHUNK
    for chunk in range(whole):
        running[chunk] = kept_mass(part_of(&row.source, chunk * CHUNK), scale, kept, weights + chunk * CHUNK)
    for chunk in range(whole, chunk_count(row.size)):
        running[chunk] = kept_mass(whole_chunk(&row.source, chunk, spare), scale, kept, spare_weights)
        memcpy(weights + chunk * CHUNK, spare_weights, chunk_length(row.size, chunk) * sizeof(float))
    return accumulate(row, kept, chunk_count(row.size), running)


cdef inline double accumulate(const Row* row, const Interval* kept, Py_ssize_t chunks, double* running) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t chunk
    for chunk in range(chunks):
        # A sum from which all was taken away again would be what rounding left of it.
        total += running[chunk] if row.maxima[chunk] >= kept.low else 0.0
        running[chunk] = total
    return total


cdef inline void sum_row(const Row* row, const Scale* scale, const Interval* kept, double* sums) noexcept nogil:
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] >= kept.low:
            sums[chunk] = kept_mass(whole_chunk(&row.source, chunk, spare), scale, kept, NULL)


cdef inline void add_survivors(const Row* row, const Scale* scale, double sign, double* sums) noexcept nogil:
    cdef float w[CHUNK]
    cdef double sum = 0.0
    cdef Py_ssize_t start, i, n, chunk = 0
    for start in range(0, row.size, 512):
        n = min(row.size - start, CHUNK)
        chunk_weights(row.values + start, n, scale, w)
        for i in range(n):
            # Survivors of one chunk follow each other.
            if row.ids[start + i] // CHUNK != chunk:
                sums[chunk] += sign * sum
                chunk = row.ids[start + i] // CHUNK
                sum = 0.0
            sum += w[i]
    sums[chunk] += sign * sum
