"""Running sums of the kept weights over the chunks of a row, which a draw looks its token up in."""

from libc.float cimport FLT_MAX
from libc.string cimport memcpy

from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, part_of, whole_chunk
from thermonucleus.kernel.row.types cimport ABSENT, ALL, CHUNK, NOTHING, Interval, Reading, Row, Scale
from thermonucleus.kernel.weights.chunk_sums cimport kept_mass
from thermonucleus.kernel.weights.double cimport logit_of
from thermonucleus.kernel.weights.single cimport chunk_weights

cdef extern from *:
    """
    /* 2**-151: half of a half of float32's smallest number, lest rounding loses a probability that would round to it. */
    #define THERMONUCLEUS_SMALLEST 3.503246160812043e-46
    """
    const double SMALLEST "THERMONUCLEUS_SMALLEST"


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
        running[chunk] = kept_mass(part_of(&row.source, chunk * CHUNK, CHUNK, spare), scale, kept, weights + chunk * CHUNK)
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


cdef inline void finish(Reading* reading, double mass) noexcept nogil:
    """Say what the mass of what is kept has as a consequence."""
    reading.mass = mass
    reading.inverse_mass = <float> (1.0 / mass)
    if reading.target != ABSENT:
        # Adaptive-p gives tokens of probability 0 a weight as well, but not those at -inf.
        reading.kept.low = max(reading.kept.low, <float> -FLT_MAX)
    else:
        # What is below float32's smallest number is not kept either: probability 0, never drawn.
        reading.kept.low = max(reading.kept.low, <float> logit_of(mass * SMALLEST, &reading.scale))


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
