"""The draw: the token at which the running sum of the kept weights, in index order, exceeds u times their total."""

from thermonucleus.kernel.exp2 cimport chunk_weights, mass_above
from thermonucleus.kernel.row cimport CHUNK, Reading, Scale, View, chunk_count, chunk_length


cdef inline double sum_chunks(
    const View* kept, const Scale* scale, float cutoff, Py_ssize_t chunks, double* running
) noexcept nogil:
    """Running sums of the kept weights over the chunks of the row; returns the last, the kept mass."""
    cdef float w[CHUNK]
    cdef double total = 0.0
    cdef Py_ssize_t chunk, i, n
    cdef const float* x
    for chunk in range(chunks):
        running[chunk] = 0.0
    for chunk in range(chunk_count(kept.size)):
        x = kept.values + chunk * CHUNK
        n = chunk_length(kept.size, chunk)
        if kept.ids != NULL:
            # Survivors, all of them kept: a chunk of them comes from anywhere.
            chunk_weights(x, n, scale, w)
            for i in range(n):
                running[kept.ids[chunk * CHUNK + i] // CHUNK] += w[i]
        elif kept.maxima[chunk] >= cutoff:
            chunk_weights(x, n, scale, w)
            running[chunk] = mass_above(x, w, n, cutoff)
    for chunk in range(chunks):
        total += running[chunk]
        running[chunk] = total
    return total


cdef inline Py_ssize_t first_above(const double* running, Py_ssize_t chunks, double target) noexcept nogil:
    """Number of the first running sum that exceeds the target, by bisection."""
    cdef Py_ssize_t low = 0, high = chunks - 1, middle
    while low < high:
        middle = (low + high) // 2
        if running[middle] > target:
            high = middle
        else:
            low = middle + 1
    return low


cdef inline Py_ssize_t draw(
    const float* row, Py_ssize_t size, const Reading* reading, const double* running, double u
) noexcept nogil:
    cdef float w[CHUNK]
    cdef Py_ssize_t chunks = chunk_count(size), chunk, start, i, token = -1
    cdef double target, above
    if reading.greedy >= 0:
        return reading.greedy
    target = u * running[chunks - 1]
    chunk = first_above(running, chunks, target)
    above = running[chunk - 1] if chunk > 0 else 0.0
    # The chunk's sum was rounded in another order than this walk's: should the walk end below the target, its last token is
    # the one. The loop goes on only past a chunk whose tokens all have probability 0, where u = 0 may point.
    while token < 0 and chunk < chunks:
        start = chunk * CHUNK
        chunk_weights(row + start, chunk_length(size, chunk), &reading.scale, w)
        for i in range(chunk_length(size, chunk)):
            if row[start + i] >= reading.cutoff and w[i] * reading.share > 0.0:
                token = start + i
                above += w[i]
                if above > target:
                    break
        chunk += 1
    return token


cdef inline void fill(const float* row, Py_ssize_t size, const Reading* reading, float* out) noexcept nogil:
    """The probabilities that `draw` draws from."""
    cdef Py_ssize_t chunk, i, start, n
    cdef float cutoff = reading.cutoff, share = reading.share
    for chunk in range(chunk_count(size)):
        start = chunk * CHUNK
        n = chunk_length(size, chunk)
        if reading.greedy >= 0:
            for i in range(start, start + n):
                out[i] = i == reading.greedy
            continue
        chunk_weights(row + start, n, &reading.scale, out + start)
        for i in range(start, start + n):
            out[i] = (out[i] if row[i] >= cutoff else <float> 0.0) * share
