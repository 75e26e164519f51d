"""Selection without sorting: the largest logit at which what lies at or above it reaches a target.

What lies above is counted (top-k) or weighed (top-p). The answer is bracketed, low <= answer < high; each trip over the row
measures what lies above two pivots, taken from a small sorted sample, and narrows the bracket, until what is left in it fits
into a heap and is walked from the top. Weights come in float32; where a comparison is closer than their error the search goes on
in float64.
"""

from libc.math cimport INFINITY, sqrt
from libc.stdint cimport int32_t, uint64_t

from thermonucleus.kernel.exp2 cimport chunk_weights, mass_above, precise_mass_above, precise_weight, weight
from thermonucleus.kernel.heap cimport heapify, pop, sort_ascending
from thermonucleus.kernel.row cimport CHUNK, Scale, View, chunk_count, chunk_length

cdef enum:
    FEW = 512           # this many logits are walked in a heap sooner than the row is read once more
    SAMPLE = 256
    PROBES = 4096

# What is looked for, and where it is known to be.
cdef struct Search:
    const View* whole       # the row before it was shrunk
    const View* row         # all of it that can hold the answer, or lie above it
    const Scale* scale      # NULL: tokens are counted, else weighed
    bint precise            # weigh in float64
    float floor             # the set searched is the tokens at or above it
    double fraction         # the target is this fraction of the set's mass
    double target
    double slack            # a comparison closer to the target than this needs float64
    float low
    float high
    double above_low
    double above_high

cdef union Ordered:
    float value
    int32_t bits


cdef inline float next_up(float x) noexcept nogil:
    """The next larger float; x is neither NaN nor +inf."""
    cdef Ordered word
    word.value = x if x != 0.0 else <float> 0.0
    word.bits += 1 if word.bits >= 0 else -1
    return word.value


cdef inline float between(float low, float high) noexcept nogil:
    """The float halfway from low to high, counted in floats: 32 halvings reach any float there is."""
    cdef Ordered a, b
    a.value = low
    b.value = high
    a.bits ^= (a.bits >> 31) & 0x7fffffff
    b.bits ^= (b.bits >> 31) & 0x7fffffff
    a.bits = <int32_t> ((<long long> a.bits + b.bits) >> 1)
    a.bits ^= (a.bits >> 31) & 0x7fffffff
    return a.value


cdef inline float select(Search* search, float* heap) noexcept nogil:
    """Largest logit at which the target is reached; `heap` has room for FEW floats and a chunk."""
    cdef Py_ssize_t trip = 0, count
    cdef float answer
    while True:
        count = gather(search, heap)
        if count >= 0:
            if descend(search, heap, count, &answer):
                return answer
            sharpen(search)
        elif next_up(search.low) >= search.high:
            return search.low       # ties all the way: there is no other logit in the bracket
        else:
            narrow(search, heap, trip)
            trip += 1


cdef inline Py_ssize_t gather(const Search* search, float* out) noexcept nogil:
    """Copy the bracket's logits out; -1 if there are more than FEW."""
    cdef const View* row = search.row
    cdef Py_ssize_t chunk, i, j, n, count = 0
    cdef const float* x
    cdef int hit
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < search.low:
            continue
        x = row.values + chunk * CHUNK
        n = chunk_length(row.size, chunk)
        for i in range(0, n - n % 16, 16):
            hit = 0
            for j in range(16):
                hit |= (x[i + j] >= search.low) & (x[i + j] < search.high)
            if hit:
                for j in range(16):
                    out[count] = x[i + j]
                    count += (x[i + j] >= search.low) & (x[i + j] < search.high)
        for i in range(n - n % 16, n):
            out[count] = x[i]
            count += (x[i] >= search.low) & (x[i] < search.high)
        if count > FEW:
            return -1
    return count


cdef inline bint descend(const Search* search, float* heap, Py_ssize_t count, float* answer) noexcept nogil:
    """Walk the bracket's logits from the top to the one that reaches the target; False if that is too close to call."""
    cdef double before, above = search.above_high
    heapify(heap, count)
    while count > 0:
        answer[0] = pop(heap, &count)
        before = above
        above += precise_weight(answer[0], search.scale) if search.scale != NULL else 1.0
        if above >= search.target - search.slack:
            # Whatever the target, the first token is in: nothing before it can have reached it.
            return above >= search.target + search.slack and (before <= search.target - search.slack or before == 0.0)
    return True


cdef inline void sharpen(Search* search) noexcept nogil:
    """From here on in float64: the bracket stands, since float32 only moved it where its error could not matter."""
    cdef double total, above
    search.precise = True
    measure(search, search.whole, search.high, search.floor, &above, &total)
    search.target = search.fraction * total
    search.slack = 0.0
    search.above_high = above


cdef inline void measure(
    const Search* search, const View* row, float upper, float lower, double* above_upper, double* above_lower
) noexcept nogil:
    """What lies at or above each of two pivots, upper >= lower."""
    cdef Py_ssize_t chunk, n
    cdef const float* x
    cdef float w[CHUNK]
    above_upper[0] = 0.0
    above_lower[0] = 0.0
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < lower:
            continue
        x = row.values + chunk * CHUNK
        n = chunk_length(row.size, chunk)
        if search.scale == NULL:
            above_lower[0] += count_above(x, n, lower)
            above_upper[0] += count_above(x, n, upper)
        elif search.precise:
            above_lower[0] += precise_mass_above(x, n, search.scale, lower)
            above_upper[0] += precise_mass_above(x, n, search.scale, upper)
        else:
            chunk_weights(x, n, search.scale, w)
            above_lower[0] += mass_above(x, w, n, lower)
            above_upper[0] += mass_above(x, w, n, upper)


cdef inline Py_ssize_t count_above(const float* x, Py_ssize_t n, float pivot) noexcept nogil:
    cdef int32_t count = 0
    cdef Py_ssize_t i
    for i in range(n):
        count += x[i] >= pivot
    return count


cdef inline void narrow(Search* search, float* sample, Py_ssize_t trip) noexcept nogil:
    """One trip over the row with two pivots inside the bracket."""
    cdef float upper, lower
    cdef double above_upper, above_lower
    cdef Py_ssize_t count = take_sample(search, sample)
    if trip % 4 == 3 or count < 16:
        # Whatever a sample may miss, halving the bracket ends the search.
        upper = lower = between(search.low, search.high)
    else:
        choose_pivots(search, sample, count, &upper, &lower)
    # One of them must lie strictly inside; next_up(low) does, see select().
    upper = max(upper, next_up(search.low))
    lower = max(min(lower, upper), search.low)
    measure(search, search.row, upper, lower, &above_upper, &above_lower)
    if place(search, lower, above_lower) and place(search, upper, above_upper):
        return
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


cdef inline Py_ssize_t take_sample(const Search* search, float* out) noexcept nogil:
    """Up to SAMPLE logits of the bracket, in ascending order."""
    cdef const View* row = search.row
    cdef Py_ssize_t _i, count = 0
    cdef uint64_t place_in_row = 0
    cdef float x
    for _i in range(PROBES):
        # Multiples of the golden ratio are spread evenly over the row, however many of them are looked at.
        place_in_row += <uint64_t> 0x9E3779B97F4A7C15
        x = row.values[((place_in_row >> 32) * <uint64_t> row.size) >> 32]
        if search.low <= x < search.high:
            out[count] = x
            count += 1
            if count == SAMPLE:
                break
    sort_ascending(out, count)
    return count


cdef inline void choose_pivots(
    const Search* search, const float* sample, Py_ssize_t count, float* upper, float* lower
) noexcept nogil:
    """The sample's logits where the target should lie, give or take two standard errors."""
    cdef double share, total = 0.0, above = 0.0
    cdef double wanted = (search.target - search.above_high) / (search.above_low - search.above_high)
    cdef double error = 1.0 / sqrt(<double> count)
    cdef Py_ssize_t i
    for i in range(count):
        total += weight(sample[i], search.scale) if search.scale != NULL else 1.0
    upper[0] = sample[count - 1]
    lower[0] = search.low
    for i in range(count - 1, -1, -1):
        share = above / total
        if share <= wanted - error:
            upper[0] = sample[i]
        if share >= wanted + error:
            lower[0] = sample[i]
            break
        above += weight(sample[i], search.scale) if search.scale != NULL else 1.0
