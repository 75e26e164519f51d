"""Pivots for a search: on either side of where a sample of the row puts the answer."""

from libc.math cimport INFINITY, sqrt
from libc.stdint cimport uint64_t

from thermonucleus.kernel.exp2 cimport chunk_weights
from thermonucleus.kernel.floats cimport between, next_up
from thermonucleus.kernel.precise cimport logit_of
from thermonucleus.kernel.quantile cimport Quantile, quantile
from thermonucleus.kernel.row cimport CHUNK, LANES, SHORT, Scale, View, chunk_count
from thermonucleus.kernel.search cimport Search

cdef struct Pivots:
    float lower
    float upper
    double expected     # number of tokens between them


cdef inline Pivots estimate(Search* search, Py_ssize_t size) noexcept nogil:
    """Pivots around the answer, from a sample of about this size.

    The sample has two strata: the chunk maxima, which hold most of the mass of a peaked row and stand for themselves, and runs of
    LANES neighbours from all over the row, which stand for all else.
    """
    cdef Pivots pivots
    cdef double* w = search.scratch.weights
    cdef Py_ssize_t i, largest = take_maxima(search), tried
    cdef double head = 0.0, share, spread = 0.0
    tried = take_runs(search, largest, size - largest)
    weigh_sample(search)
    share = <double> (search.row.size - largest) / tried
    for i in range(largest):
        head += w[i]
    for i in range(largest, search.sampled):
        w[i] *= share
    if search.scale != NULL:
        # Of the maxima it is not known how much of the head is in tokens that are no chunk's maximum.
        spread = head * (1.0 - search.fraction)
    pivots = around(search, search.fraction, largest, spread)
    pivots.expected *= share
    return pivots


cdef inline Pivots around(Search* search, double fraction, Py_ssize_t certain, double spread) noexcept nogil:
    """Pivots on either side of the sample's quantile. The first `certain` of the sample stand for no others.

    `expected` counts what lies between them of the others.
    """
    cdef Pivots pivots
    cdef const float* x = search.scratch.sample
    cdef const double* w = search.scratch.weights
    cdef Py_ssize_t i, n = search.sampled
    cdef double total = 0.0, error = 0.0, off, less, more
    cdef float low = search.low
    cdef Quantile middle
    for i in range(n):
        total += w[i]
    if search.scale != NULL and total > 0.0:
        # Tokens with a share below (1 - p)/V have less than 1 - p together; the total is a guess, so down to a quarter of that.
        low = max(low, <float> logit_of(0.25 * (1.0 - fraction) * total / search.row.size, search.scale))
    middle = quantile(x, w, n, fraction * total, 0.0, low, search.high)
    for i in range(certain, n):
        # The standard error of a ratio: of what lies above to the total.
        off = w[i] * (1.0 - fraction if x[i] >= middle.value else fraction)
        error += off * off
    error = 2.5 * sqrt(error)
    less = fraction * total - error - 0.1 * spread
    more = fraction * total + error + 0.4 * spread
    pivots.upper = search.high
    if less > 0.0:
        # The next float: a logit that is common in the sample may be the answer, and fill the bracket alone.
        pivots.upper = min(next_up(quantile(x, w, n, less, 0.0, middle.value, search.high).value), search.high)
    pivots.lower = low
    if more < total:
        pivots.lower = quantile(x, w, n, more, 0.0, low, pivots.upper).value
    pivots.expected = 0.0
    for i in range(certain, n):
        pivots.expected += pivots.lower <= x[i] < pivots.upper
    return pivots


cdef inline void weigh_sample(Search* search) noexcept nogil:
    cdef float w[CHUNK]
    cdef double* out = search.scratch.weights
    cdef Py_ssize_t i, start, n
    if search.scale == NULL:
        for i in range(search.sampled):
            out[i] = 1.0
        return
    for start in range(0, search.sampled, 512):
        n = min(search.sampled - start, CHUNK)
        chunk_weights(search.scratch.sample + start, n, search.scale, w)
        for i in range(n):
            out[start + i] = w[i]


cdef inline Py_ssize_t take_maxima(const Search* search) noexcept nogil:
    """The chunk maxima of the set into the sample, if there is room and they weigh more than others."""
    cdef Py_ssize_t chunk, count = 0
    if search.scale == NULL or chunk_count(search.row.size) > SHORT // 4:
        return 0
    for chunk in range(chunk_count(search.row.size)):
        search.scratch.sample[count] = search.row.maxima[chunk]
        count += search.row.maxima[chunk] >= search.floor
    return count


cdef inline Py_ssize_t take_runs(Search* search, Py_ssize_t count, Py_ssize_t room) noexcept nogil:
    """Runs of neighbours of the set into the sample, evenly from all over the row; returns how many logits were looked at."""
    cdef const View* row = search.row
    cdef Py_ssize_t i, j, start, runs = room // LANES
    cdef float x
    for i in range(runs):
        start = i * (row.size - LANES) // (runs - 1)
        for j in range(start, start + LANES):
            x = row.values[j]
            search.scratch.sample[count] = x
            # Chunk maxima are in the sample already, if weights are what counts.
            count += (x >= search.floor) & ((search.scale == NULL) | (x != row.maxima[j // CHUNK]))
    search.sampled = count
    return runs * LANES


cdef inline Pivots further(Search* search, Py_ssize_t trip) noexcept nogil:
    """Pivots inside the bracket, at least one of them strictly."""
    cdef Pivots pivots
    cdef double inside = search.total - search.above - search.below
    cdef double wanted = (search.fraction * search.total - search.above) / inside
    resample(search)
    pivots.lower = pivots.upper = between(search.low, search.high)
    pivots.expected = search.row.size
    # Whatever a sample may miss, halving the bracket by rank ends the search.
    if trip % 3 == 2 or search.sampled < LANES or not 0.0 < wanted < 1.0:
        return pivots
    weigh_sample(search)
    pivots = around(search, wanted, 0, 0.0)
    pivots.expected *= <double> search.row.size / SHORT
    if pivots.upper >= search.high and pivots.lower <= search.low and pivots.expected > SHORT:
        pivots.lower = pivots.upper = between(search.low, search.high)
    return pivots


cdef inline void resample(Search* search) noexcept nogil:
    """Logits of the bracket from all over the row into the sample."""
    cdef float* sample = search.scratch.sample
    cdef Py_ssize_t _i, count = 0
    cdef uint64_t place = 0
    cdef float x
    for _i in range(SHORT):
        # Multiples of the golden ratio are spread evenly, however many of them are looked at.
        place += <uint64_t> 0x9E3779B97F4A7C15
        x = search.row.values[((place >> 32) * <uint64_t> search.row.size) >> 32]
        sample[count] = x
        count += search.low <= x < search.high
    search.sampled = count
