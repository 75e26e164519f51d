"""Running sums of the kept weights over the chunks of a row, which a draw looks its token up in."""

from libc.math cimport INFINITY
from libc.string cimport memcpy

from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, part_of, whole_chunk
from thermonucleus.kernel.row.types cimport ALL, CHUNK, NOTHING, Scale, View
from thermonucleus.kernel.weights.chunk_sums cimport kept_mass, mass_between
from thermonucleus.kernel.weights.single cimport chunk_weights


cdef inline double sum_chunks(
    const View* kept, const Scale* scale, float cutoff, Py_ssize_t chunks, double* running
) noexcept nogil:
    """Running sums of the kept weights over the chunks of the row; returns the last, the kept mass."""
    cdef Py_ssize_t chunk
    if kept.ids == NULL:
        sum_row(kept, scale, cutoff, running)
    else:
        if kept.sums_cover == NOTHING:
            for chunk in range(chunks):
                running[chunk] = 0.0
        add_survivors(kept, scale, -1.0 if kept.sums_cover == ALL else 1.0, running)
    return accumulate(kept, cutoff, chunks, running)


cdef inline double weigh_row(const View* row, const Scale* scale, float cutoff, double* running, float* weights) noexcept nogil:
    """As `sum_chunks`, of a row that is not narrowed to survivors, and leave the kept weights in `weights`, 0 for the others."""
    cdef float spare[CHUNK]
    cdef float spare_weights[CHUNK]
    cdef Py_ssize_t chunk, whole = row.size // CHUNK
    for chunk in range(whole):
        running[chunk] = kept_mass(part_of(&row.source, chunk * CHUNK), scale, cutoff, weights + chunk * CHUNK)
    for chunk in range(whole, chunk_count(row.size)):
        running[chunk] = kept_mass(whole_chunk(&row.source, chunk, spare), scale, cutoff, spare_weights)
        memcpy(weights + chunk * CHUNK, spare_weights, chunk_length(row.size, chunk) * sizeof(float))
    return accumulate(row, cutoff, chunk_count(row.size), running)


cdef inline double accumulate(const View* kept, float cutoff, Py_ssize_t chunks, double* running) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t chunk
    for chunk in range(chunks):
        # A sum from which all was taken away again would be what rounding left of it.
        total += running[chunk] if kept.maxima[chunk] >= cutoff else 0.0
        running[chunk] = total
    return total


cdef inline void sum_row(const View* kept, const Scale* scale, float cutoff, double* sums) noexcept nogil:
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(kept.size)):
        if kept.maxima[chunk] >= cutoff:
            sums[chunk] = mass_between(whole_chunk(&kept.source, chunk, spare), scale, cutoff, INFINITY)


cdef inline void add_survivors(const View* kept, const Scale* scale, double sign, double* sums) noexcept nogil:
    cdef float w[CHUNK]
    cdef double sum = 0.0
    cdef Py_ssize_t start, i, n, chunk = 0
    for start in range(0, kept.size, 512):
        n = min(kept.size - start, CHUNK)
        chunk_weights(kept.values + start, n, scale, w)
        for i in range(n):
            # Survivors of one chunk follow each other.
            if kept.ids[start + i] // CHUNK != chunk:
                sums[chunk] += sign * sum
                chunk = kept.ids[start + i] // CHUNK
                sum = 0.0
            sum += w[i]
    sums[chunk] += sign * sum
