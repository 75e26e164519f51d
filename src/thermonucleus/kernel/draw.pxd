"""The draw: the token at which the running sum of the kept weights, in index order, exceeds u times their total."""

from thermonucleus.kernel.exp2 cimport chunk_weights, drop_below, sum_chunk
from thermonucleus.kernel.row cimport CHUNK, Reading, Scale, View, chunk_count, chunk_length, whole_chunk


cdef inline double sum_chunks(
    const View* kept, const Scale* scale, float cutoff, Py_ssize_t chunks, double* running
) noexcept nogil:
    """Running sums of the kept weights over the chunks of the row; returns the last, the kept mass."""
    cdef double total = 0.0
    cdef Py_ssize_t chunk
    if not kept.summed:
        for chunk in range(chunks):
            running[chunk] = 0.0
    if kept.ids != NULL:
        add_survivors(kept, scale, running)
    else:
        add_chunks(kept, scale, cutoff, running)
    for chunk in range(chunks):
        total += running[chunk]
        running[chunk] = total
    return total


cdef inline void add_survivors(const View* kept, const Scale* scale, double* sums) noexcept nogil:
    cdef float w[CHUNK]
    cdef Py_ssize_t start, i, n
    for start in range(0, kept.size, 512):
        n = min(kept.size - start, CHUNK)
        chunk_weights(kept.values + start, n, scale, w)
        for i in range(n):
            sums[kept.ids[start + i] // CHUNK] += w[i]


cdef inline void add_chunks(const View* kept, const Scale* scale, float cutoff, double* sums) noexcept nogil:
    cdef float w[CHUNK]
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk
    cdef const float* x
    for chunk in range(chunk_count(kept.size)):
        if kept.maxima[chunk] >= cutoff:
            x = whole_chunk(kept, chunk, spare)
            chunk_weights(x, CHUNK, scale, w)
            drop_below(x, w, cutoff)
            sums[chunk] = sum_chunk(w)


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
