"""Selection in a long row: the largest logit at which what lies at or above it reaches a target.

What lies above is counted (top-k) or weighed (top-p). The answer is bracketed, low <= answer < high. Trips over the row measure
what lies above two pivots, taken from a sample, and narrow the bracket, until what is left in it can be copied out. Weights come
in float32; where a comparison is closer than their error the search goes on in float64.
"""

from libc.math cimport INFINITY, sqrt
from libc.stdint cimport uint64_t

from thermonucleus.kernel.exp2 cimport (
    SLACK, chunk_weights, logit_of, mass_above, precise_mass_above, precise_weight, precise_weights
)
from thermonucleus.kernel.floats cimport between, next_up
from thermonucleus.kernel.quantile cimport Quantile, quantile
from thermonucleus.kernel.row cimport CHUNK, LANES, SHORT, Scale, Scratch, View, chunk_count, chunk_length
from thermonucleus.kernel.survivors cimport take

cdef enum:
    SAMPLE = 1024

# What is looked for, and where it is known to be.
cdef struct Search:
    const View* row
    const Scale* scale      # NULL: tokens are counted, else weighed
    Scratch* scratch
    bint precise            # weigh in float64
    float floor             # the set searched is the tokens at or above it
    float maximum
    double fraction         # the target is this fraction of the set's total
    double target
    double slack            # a comparison closer to the target than this needs float64
    float low
    float high
    double above_low
    double above_high
    Py_ssize_t sampled      # logits of the bracket in scratch.sample


cdef inline float select(Search* search) noexcept nogil:
    """Largest logit at which the target is reached. Set: row, scale, scratch, floor, maximum, fraction."""
    cdef Quantile found
    cdef Py_ssize_t count, trip = 0
    begin(search)
    while next_up(search.low) < search.high:
        count = take(search.row, search.low, search.high, most_between(search), search.scratch)
        if count >= 0:
            found = quantile_between(search, count)
            if search.precise or certain(search, &found):
                return found.value
            sharpen(search)
        else:
            narrow(search, trip)
            trip += 1
    return search.low       # ties: there is no other float left in the bracket


cdef inline Quantile quantile_between(const Search* search, Py_ssize_t count) noexcept nogil:
    cdef double* weights = NULL
    if search.scale != NULL:
        weights = search.scratch.weights
        precise_weights(search.scratch.values, count, search.scale, weights)
    return quantile(
        search.scratch.values, weights, count, search.target, search.above_high, search.low, search.high
    )


cdef inline bint certain(const Search* search, const Quantile* found) noexcept nogil:
    """Whether what lies at or above the value reaches the target, and what lies above it does not, whatever the rounding."""
    return found.above >= search.target + search.slack and found.before <= search.target - search.slack


cdef inline void sharpen(Search* search) noexcept nogil:
    """From here on in float64: the bracket stands, since float32 only moved it where its error could not matter."""
    cdef double total, above
    search.precise = True
    sweep(search, search.floor, search.high, search.floor, &above, &total, &total)
    search.target = search.fraction * total
    search.slack = 0.0
    search.above_high = above


cdef inline Py_ssize_t most_between(const Search* search) noexcept nogil:
    """A bound of the number of tokens in the bracket; 0 for no bound worth the name."""
    cdef double most = search.above_low - search.above_high
    if search.scale != NULL:
        if search.low == -INFINITY:
            return 0
        most /= precise_weight(search.low, search.scale)
    return <Py_ssize_t> most + 1 if most < SHORT // 4 else 0


cdef inline void begin(Search* search) noexcept nogil:
    """The first trip: the total, and what lies above two pivots on either side of where a sample of the row puts the answer."""
    cdef float upper, lower
    cdef double above_upper, above_lower, total
    search.precise = False
    search.low = search.floor
    search.high = next_up(search.maximum)
    search.above_high = 0.0
    estimate(search, &upper, &lower)
    sweep(search, search.floor, upper, lower, &above_upper, &above_lower, &total)
    search.above_low = total
    search.target = search.fraction * total
    search.slack = SLACK * total if search.scale != NULL else 0.0
    place_both(search, upper, above_upper, lower, above_lower)


cdef inline void narrow(Search* search, Py_ssize_t trip) noexcept nogil:
    """A further trip, with two pivots inside the bracket."""
    cdef float upper, lower
    cdef double above_upper, above_lower, total
    choose_pivots(search, trip, &upper, &lower)
    sweep(search, lower, upper, lower, &above_upper, &above_lower, &total)
    place_both(search, upper, above_upper, lower, above_lower)


cdef inline void place_both(
    Search* search, float upper, double above_upper, float lower, double above_lower
) noexcept nogil:
    if not (place(search, lower, above_lower) and place(search, upper, above_upper)):
        sharpen(search)


cdef inline bint place(Search* search, float pivot, double above) noexcept nogil:
    """Move an end of the bracket to the pivot; False if what lies above it is too close to the target to call."""
    if pivot <= search.low or pivot >= search.high:
        return True
    if above >= search.target + search.slack:
        search.low = pivot
        search.above_low = above
        return True
    if above < search.target - search.slack:
        search.high = pivot
        search.above_high = above
        return True
    return False


cdef inline void sweep(
    const Search* search, float bottom, float upper, float lower, double* above_upper, double* above_lower, double* total
) noexcept nogil:
    """What lies at or above each of bottom <= lower <= upper, the first of them `total`, less at most 2**-28 of it."""
    cdef const View* row = search.row
    cdef Py_ssize_t chunk, n
    cdef const float* x
    cdef float w[CHUNK]
    cdef double sums[3]
    cdef float cutoffs[3]
    cdef Py_ssize_t i
    cdef float negligible = -INFINITY
    if search.scale != NULL and not search.precise:
        # Weights reach 2**63.5; V of them at most 2**-29 / V of that come to 2**-29 of it.
        negligible = <float> logit_of(17179869184.0 / row.size, search.scale)
    cutoffs[0] = bottom
    cutoffs[1] = lower
    cutoffs[2] = upper
    for i in range(3):
        sums[i] = 0.0
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < bottom or row.maxima[chunk] < negligible:
            continue
        x = row.values + chunk * CHUNK
        n = chunk_length(row.size, chunk)
        if search.scale != NULL and not search.precise:
            chunk_weights(x, n, search.scale, w)
        for i in range(3):
            if row.maxima[chunk] < cutoffs[i]:
                break
            if search.scale == NULL:
                sums[i] += count_above(x, n, cutoffs[i])
            elif search.precise:
                sums[i] += precise_mass_above(x, n, search.scale, cutoffs[i])
            else:
                sums[i] += mass_above(x, w, n, cutoffs[i])
    total[0] = sums[0]
    above_lower[0] = sums[1]
    above_upper[0] = sums[2]


cdef inline Py_ssize_t count_above(const float* x, Py_ssize_t n, float cutoff) noexcept nogil:
    cdef int count = 0
    cdef Py_ssize_t i
    for i in range(n):
        count += x[i] >= cutoff
    return count


cdef inline void estimate(Search* search, float* upper, float* lower) noexcept nogil:
    """Pivots around the answer as a sample has it.

    The sample has two strata: the chunk maxima, which hold most of the mass of a peaked row and stand for themselves, and runs of
    LANES neighbours from all over the row, which stand for all else.
    """
    cdef float* x = search.scratch.sample
    cdef double* w = search.scratch.weights
    cdef Py_ssize_t i, largest = take_maxima(search), count = take_runs(search, largest)
    cdef double head = 0.0, total = 0.0, error = 0.0, share = 1.0, spread, less, more
    cdef float low = search.low
    cdef Quantile middle
    search.sampled = count
    upper[0] = lower[0] = search.low
    if count == 0:
        return
    if search.scale != NULL:
        precise_weights(x, count, search.scale, w)
        # Down to 2**-40 of the largest weight is far enough for a guess, and much nearer than -inf.
        low = max(low, <float> logit_of(16777216.0, search.scale))
    else:
        for i in range(count):
            w[i] = 1.0
    if count > largest:
        share = <double> (search.row.size - largest) / SAMPLE
    for i in range(largest):
        head += w[i]
    for i in range(largest, count):
        w[i] *= share
        total += w[i]
    total += head
    middle = quantile(x, w, count, search.fraction * total, 0.0, low, search.high)
    for i in range(largest, count):
        # The standard error of a ratio: of what lies above to the total.
        spread = w[i] * (1.0 - search.fraction if x[i] >= middle.value else search.fraction)
        error += spread * spread
    error = 2.5 * sqrt(error) / total
    # Of the head it is not known how much of it is in tokens that are no chunk's maximum.
    spread = (1.0 - search.fraction) * head / total
    upper[0] = search.high
    less = search.fraction - error - 0.1 * spread
    more = search.fraction + error + 0.4 * spread
    if less > 0.0:
        upper[0] = quantile(x, w, count, less * total, 0.0, middle.value, search.high).value
    if more < 1.0:
        lower[0] = quantile(x, w, count, more * total, 0.0, low, search.high).value


cdef inline Py_ssize_t take_maxima(const Search* search) noexcept nogil:
    """The chunk maxima of the set into the sample, if there is room."""
    cdef Py_ssize_t chunk, count = 0
    if chunk_count(search.row.size) > SHORT - SAMPLE:
        return 0
    for chunk in range(chunk_count(search.row.size)):
        search.scratch.sample[count] = search.row.maxima[chunk]
        count += search.row.maxima[chunk] >= search.floor
    return count


cdef inline Py_ssize_t take_runs(const Search* search, Py_ssize_t count) noexcept nogil:
    """Runs of neighbours of the set into the sample, evenly from all over the row; chunk maxima are there already."""
    cdef const View* row = search.row
    cdef Py_ssize_t i, j, start
    cdef float x
    for i in range(SAMPLE // LANES):
        start = i * (row.size - LANES) // (SAMPLE // LANES - 1)
        for j in range(start, start + LANES):
            x = row.values[j]
            search.scratch.sample[count] = x
            count += (x >= search.floor) & (x != row.maxima[j // CHUNK])
    return count


cdef inline void choose_pivots(Search* search, Py_ssize_t trip, float* upper, float* lower) noexcept nogil:
    """Two pivots, at least one of them strictly inside the bracket."""
    cdef double wanted = (search.target - search.above_high) / (search.above_low - search.above_high)
    cdef double total = 0.0, error, width
    cdef double* w = NULL
    cdef Py_ssize_t i
    cdef Quantile guess
    resample(search)
    if trip % 3 == 2 or search.sampled < LANES:
        # Whatever a sample may miss, halving the bracket ends the search.
        upper[0] = lower[0] = between(search.low, search.high)
        return
    total = search.sampled
    if search.scale != NULL:
        w = search.scratch.weights
        precise_weights(search.scratch.sample, search.sampled, search.scale, w)
        total = 0.0
        for i in range(search.sampled):
            total += w[i]
    guess = quantile(search.scratch.sample, w, search.sampled, wanted * total, 0.0, search.low, search.high)
    if guess.above - guess.before > 1.5 * (1.0 if w == NULL else precise_weight(guess.value, search.scale)):
        # The same logit twice in so small a sample: it is common in the row, and may well be the answer.
        lower[0] = guess.value
        upper[0] = next_up(guess.value)
    elif trip % 3 == 0 and search.low > -INFINITY:
        # A narrow bracket of a smooth distribution: what lies above falls evenly from its low to its high end.
        width = <double> search.high - search.low
        error = 0.03
        upper[0] = <float> (search.high - width * (wanted - error))
        lower[0] = <float> (search.high - width * (wanted + error))
    else:
        error = 1.0 / sqrt(<double> search.sampled)
        upper[0] = quantile(
            search.scratch.sample, w, search.sampled, (wanted - error) * total, 0.0, search.low, search.high
        ).value
        lower[0] = quantile(
            search.scratch.sample, w, search.sampled, (wanted + error) * total, 0.0, search.low, search.high
        ).value
    upper[0] = min(max(upper[0], next_up(search.low)), search.high)
    lower[0] = max(min(lower[0], upper[0]), search.low)
    if upper[0] >= search.high and lower[0] <= search.low:
        upper[0] = lower[0] = between(search.low, search.high)


cdef inline void resample(Search* search) noexcept nogil:
    """Leave only logits of the bracket in the sample; look for more all over the row if these are too few."""
    cdef float* sample = search.scratch.sample
    cdef Py_ssize_t i, _i, count = 0
    cdef uint64_t place = 0
    cdef float x
    for i in range(search.sampled):
        sample[count] = sample[i]
        count += search.low <= sample[i] < search.high
    if count < 2 * LANES:
        count = 0
        for _i in range(SAMPLE):
            # Multiples of the golden ratio are spread evenly, however many of them are looked at.
            place += <uint64_t> 0x9E3779B97F4A7C15
            x = search.row.values[((place >> 32) * <uint64_t> search.row.size) >> 32]
            sample[count] = x
            count += search.low <= x < search.high
    search.sampled = count
