"""The draw: the token at which the running sum of the kept weights, in index order, exceeds u times their total."""

from libc.math cimport INFINITY
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.exp2 cimport chunk_weights, weight_or_doubt
from thermonucleus.kernel.masses cimport kept_mass, mass_between
from thermonucleus.kernel.quantile cimport count_above
from thermonucleus.kernel.row cimport ALL, CHUNK, NOTHING, Reading, Scale, View, chunk_count, chunk_length, whole_chunk


cdef inline double sum_chunks(
    const View* kept, const Scale* scale, float cutoff, Py_ssize_t chunks, double* running
) noexcept nogil:
    """Running sums of the kept weights over the chunks of the row; returns the last, the kept mass."""
    cdef Py_ssize_t chunk
    if kept.ids == NULL:
        sum_row(kept, scale, cutoff, running)
    else:
        if kept.summed == NOTHING:
            for chunk in range(chunks):
                running[chunk] = 0.0
        add_survivors(kept, scale, -1.0 if kept.summed == ALL else 1.0, running)
    return accumulate(kept, cutoff, chunks, running)


cdef inline double weigh_row(const View* row, const Scale* scale, float cutoff, double* running, float* weights) noexcept nogil:
    """As `sum_chunks`, of a row that is not narrowed to survivors, and leave the kept weights in `weights`, 0 for the others."""
    cdef float spare[CHUNK]
    cdef float spare_weights[CHUNK]
    cdef Py_ssize_t chunk, whole = row.size // CHUNK
    for chunk in range(whole):
        running[chunk] = kept_mass(row.values + chunk * CHUNK, scale, cutoff, weights + chunk * CHUNK)
    for chunk in range(whole, chunk_count(row.size)):
        running[chunk] = kept_mass(whole_chunk(row, chunk, spare), scale, cutoff, spare_weights)
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
            sums[chunk] = mass_between(whole_chunk(kept, chunk, spare), scale, cutoff, INFINITY)


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
    """The first token, in index order, at which the running sum of the kept weights exceeds u times their total (inversion: Devroye
    1986, II.2). It is at or above the cutoff and has a probability above 0.

    -1 if there is none: only where another thread has written to the row since it was read.
    """
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
    CHECK(0 <= token < size)
    return token


cdef inline void fill(const float* row, Py_ssize_t size, const Reading* reading, float* out) noexcept nogil:
    """The probabilities that `draw` draws from."""
    cdef Py_ssize_t chunk, i, start, n
    cdef float share = reading.share
    if reading.weighed:
        # A weight below the reading's cutoff, which is not lower than the one it was kept for, times `share` rounds to 0.
        for i in range(size):
            CHECK(row[i] >= reading.cutoff or out[i] * share == 0.0)
            out[i] *= share
        return
    for chunk in range(chunk_count(size)):
        start = chunk * CHUNK
        n = chunk_length(size, chunk)
        if reading.greedy >= 0:
            for i in range(start, start + n):
                out[i] = i == reading.greedy
        elif count_above(row + start, n, reading.cutoff) == 0:
            for i in range(start, start + n):
                out[i] = 0.0
        elif fill_chunk(row + start, n, reading, False, out + start) >> 63:
            fill_chunk(row + start, n, reading, True, out + start)


cdef inline uint64_t fill_chunk(
    const float* x, Py_ssize_t n, const Reading* reading, bint careful, float* out
) noexcept nogil:
    cdef Scale local = reading.scale
    cdef float w, cutoff = reading.cutoff, share = reading.share
    cdef uint64_t doubt = 0
    cdef Py_ssize_t i
    for i in range(n):
        w = weight_or_doubt(x[i], &local, careful, &doubt)
        out[i] = (w if x[i] >= cutoff else <float> 0.0) * share
    return doubt
