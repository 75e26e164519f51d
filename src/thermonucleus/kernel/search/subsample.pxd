"""A sample of a long row, to guess from it where in the row an answer lies."""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY, sqrt
from libc.stdint cimport uint64_t

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.memory cimport sample_room
from thermonucleus.kernel.row.source cimport chunk_count, logit_at, part_of
from thermonucleus.kernel.row.types cimport BRIEF, CHUNK, LANES, MANY, SAMPLE, WAYS, Hint, Row, Sample, Scale
from thermonucleus.kernel.search.short cimport count_above, point_between
from thermonucleus.kernel.weights.chunk_sums cimport fold
from thermonucleus.kernel.weights.float_order cimport next_up
from thermonucleus.kernel.weights.single cimport chunk_weights


cdef inline void sample_maxima(Sample* sample, const Row* row, float set_low) noexcept nogil:
    """The chunk maxima of the set, unless they are very many: most of the mass of a peaked row."""
    cdef Py_ssize_t chunk
    sample.size = 0
    if chunk_count(row.size) <= SAMPLE // 2:
        for chunk in range(chunk_count(row.size)):
            sample.values[sample.size] = row.maxima[chunk]
            sample.size += row.maxima[chunk] >= set_low
    sample.certain = sample.size


cdef inline void sample_runs(
    Sample* sample, const Row* row, float set_low, float ceiling, Py_ssize_t size
) noexcept nogil:
    """Runs of WAYS neighbours from all over the row, until about `size` logits have been looked at.

    For those that do not count, -inf: below `set_low`, from `ceiling` up, or in the sample already.
    """
    cdef Py_ssize_t _i, j, start, runs = max((size - sample.size) // WAYS, 2)
    # Of whole runs up to the last, in units of 2**-32.
    cdef uint64_t place = 0, step = (<uint64_t> (row.size // WAYS - 1) << 32) // (runs - 1)
    cdef float limit = ceiling
    cdef float spare[WAYS]
    cdef const float* x
    cdef float* out = sample.values + sample.size
    for _i in range(runs):
        # A run lies within one chunk, of which WAYS is a part.
        start = <Py_ssize_t> (place >> 32) * WAYS
        CHECK(start + WAYS <= row.size)
        x = part_of(&row.source, start, WAYS, spare)
        if sample.certain > 0:
            limit = min(ceiling, row.maxima[start // CHUNK])
        for j in range(WAYS):
            out[j] = x[j] if (x[j] >= set_low) & (x[j] < limit) else <float> -INFINITY
        out += WAYS
        place += step
    sample.size += runs * WAYS
    sample.weight_each = <double> (row.size - sample.certain) / (runs * WAYS)


cdef inline void sample_bracket(Sample* sample, const Row* row, float low, float high) noexcept nogil:
    """Logits with low <= x < high from all over the row."""
    cdef Py_ssize_t _i, count = 0
    cdef uint64_t place = 0
    cdef float x
    for _i in range(SAMPLE):
        # Multiples of the golden ratio are spread evenly, however many of them are looked at.
        place += <uint64_t> 0x9E3779B97F4A7C15
        x = logit_at(&row.source, <Py_ssize_t> (((place >> 32) * <uint64_t> row.size) >> 32))
        sample.values[count] = x
        count += (low <= x) & (x < high)
    sample.size = count
    sample.certain = 0
    sample.weight_each = <double> row.size / SAMPLE


cdef inline void weigh_sample(Sample* sample, const Scale* scale) noexcept nogil:
    """Weigh the sample; scale is NULL where tokens are counted."""
    cdef float* w = sample.weights
    cdef float unit = <float> 2.0**-64, each = <float> sample.weight_each
    cdef Py_ssize_t i, start
    # Sums run over whole multiples of MANY.
    CHECK(0 <= sample.certain <= sample.size <= sample_room(BRIEF + 1) - MANY)
    for i in range(sample.size, sample.size + MANY):
        sample.values[i] = <float> -INFINITY
        w[i] = 0.0
    if scale == NULL:
        for i in range(sample.size):
            w[i] = each
        return
    for start in range(0, sample.size, 512):
        chunk_weights(sample.values + start, min(sample.size - start, CHUNK), scale, w + start)
    for i in range(sample.certain):
        w[i] *= unit
    unit *= each
    for i in range(sample.certain, sample.size):
        w[i] *= unit


cdef inline double sample_above(const Sample* sample, float pivot) noexcept nogil:
    """What lies at or above the pivot in the row, by the sample."""
    cdef float lanes[MANY]
    cdef const float* x = sample.values
    cdef const float* w = sample.weights
    cdef Py_ssize_t i, j
    for j in range(MANY):
        lanes[j] = 0.0
    for i in range(0, sample.size, 128):
        for j in range(MANY):
            lanes[j] += w[i + j] if x[i + j] >= pivot else <float> 0.0
    return fold(lanes)


cdef inline double sample_count(const Sample* sample, float low, float high) noexcept nogil:
    """The number of tokens with low <= x < high in the row, by the sample."""
    cdef const float* x = sample.values + sample.certain
    cdef Py_ssize_t n = sample.size - sample.certain
    return sample.weight_each * (count_above(x, n, low) - count_above(x, n, high))


cdef inline double sampling_error(const Sample* sample, double fraction, float quantile) noexcept nogil:
    """The standard error of the sample's share of what lies above its quantile for this fraction, times its total."""
    cdef float lanes[MANY]
    cdef const float* x = sample.values
    cdef float off, above = <float> (1.0 - fraction), below = <float> fraction
    cdef Py_ssize_t i, j, whole = sample.certain + MANY - 1
    for j in range(MANY):
        lanes[j] = 0.0
    # From a whole multiple of MANY on: the sample is many times as long.
    for i in range(whole - whole % MANY, sample.size, 128):
        for j in range(MANY):
            off = sample.weights[i + j] * (above if x[i + j] >= quantile else below)
            lanes[j] += off * off
    return sqrt(fold(lanes))


cdef inline float sample_quantile(
    const Sample* sample, double target, double slack, const Hint* hint, float low, float high
) noexcept nogil:
    """A logit of the sample in low <= x < high at which the target is reached, and not exceeded by much more than the slack.

    The largest such logit if there is no other; `low` if the target is not reached at any.
    """
    cdef float pivot = hint.logit, start = low
    cdef double over, over_low = -1.0, over_high = 0.0
    cdef Py_ssize_t trip
    for trip in range(16):
        # A few steps in proportion from the hint, then by halves of what is left.
        if trip > 3 or hint.density == 0.0 or not low < pivot < high:
            if over_low < 0.0:
                low = lowest(sample, low, high)
                over_low = sample_above(sample, low)
                if over_low < target or low >= high:
                    return start
            if next_up(low) >= high:
                break
            pivot = point_between(low, high, (target - over_high) / (over_low - over_high), trip)
        over = sample_above(sample, pivot)
        if over >= target:
            low = pivot
            over_low = over
        else:
            high = pivot
            over_high = over
        if over_low >= 0.0 and over_low - target < slack:
            break
        pivot += (over - target - 0.5 * slack) / hint.density
    return lowest(sample, low, high)


cdef inline double slack(double fraction) noexcept nogil:
    """How far a guess may be off, as a part of all. Chosen: a fiftieth of the smaller side."""
    return 0.02 * (1.0 - fraction if fraction > 0.5 else fraction)


cdef inline double sample_density(const Sample* sample, float middle, float width) noexcept nogil:
    """The mass a logit of what lies near `middle`."""
    return (sample_above(sample, middle - width) - sample_above(sample, middle + width)) / (2.0 * width)


cdef inline float lowest(const Sample* sample, float low, float high) noexcept nogil:
    """The lowest finite logit of the sample in low <= x < high, or `high`."""
    cdef float lanes[2 * LANES]
    cdef const float* x = sample.values
    cdef Py_ssize_t i, j
    low = low if low > -FLT_MAX else <float> -FLT_MAX
    for j in range(2 * LANES):
        lanes[j] = high
    for i in range(0, sample.size, 32):
        for j in range(2 * LANES):
            lanes[j] = x[i + j] if (x[i + j] >= low) & (x[i + j] < lanes[j]) else lanes[j]
    for j in range(2 * LANES):
        high = lanes[j] if lanes[j] < high else high
    return high
