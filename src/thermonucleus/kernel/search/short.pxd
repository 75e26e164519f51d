"""Weighted quantiles of a short array, by bisection: no sort, and the array is only read."""

from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.types cimport CHUNK, LANES
from thermonucleus.kernel.weights.double cimport sum_precise
from thermonucleus.kernel.weights.float_order cimport midpoint_by_rank, next_up

cdef struct Quantile:
    float value         # the answer; it need not be one of the x[i]
    double mass_from    # what those at or above the answer weigh
    double mass_above   # what those above it weigh


cdef inline Quantile quantile(
    const float* x, const double* w, Py_ssize_t n, double target, double above_all, float low, float high
) noexcept nogil:
    """The largest value at which what lies at or above it reaches the target.

    A value x[i] weighs w[i], or 1 where w is NULL; `above_all` is what lies at `high` or above, where no x[i] is. What lies at or
    above `low` is known to reach the target.
    """
    cdef Quantile found
    cdef float pivot
    cdef double above, above_low = -1.0
    cdef Py_ssize_t count, count_low = n, count_high = 0, trip = 0
    found.mass_above = above_all
    while count_low - count_high > LANES and next_up(low) < high:
        pivot = point_between(low, high, (target - found.mass_above) / (above_low - found.mass_above), trip)
        trip += 1
        count = weigh_above(x, w, n, pivot, &above)
        above += above_all
        if above >= target:
            low = pivot
            count_low = count
            above_low = above
        else:
            high = pivot
            count_high = count
            found.mass_above = above
    CHECK(0 <= count_high <= count_low <= n)
    if count_low - count_high <= LANES:
        return descend(x, w, n, target, found.mass_above, low, high)
    weigh_above(x, w, n, low, &above)       # ties: no other float is left between low and high
    found.value = low
    found.mass_from = above + above_all
    return found


cdef inline float kth_largest(const float* values, Py_ssize_t count, Py_ssize_t k, float maximum) noexcept nogil:
    """The k-th largest of so many values, of which none exceeds the maximum."""
    return quantile(values, NULL, count, k, 0.0, -INFINITY, next_up(maximum)).value


cdef inline float point_between(float low, float high, double fraction, Py_ssize_t trip) noexcept nogil:
    """A float strictly between: by interpolation and halving in turn, then by halving the rank, which ends on any distribution."""
    cdef float middle
    # 24: chosen; ranks are halved 32 times more at the most.
    if trip < 24 and low > -INFINITY and high < INFINITY:
        if trip % 2 == 0 or not 0.0 < fraction < 1.0:
            fraction = 0.5
        middle = <float> (high - fraction * (<double> high - low))
        if low < middle < high:
            return middle
    return midpoint_by_rank(low, high)


cdef inline Quantile descend(
    const float* x, const double* w, Py_ssize_t n, double target, double above_high, float low, float high
) noexcept nogil:
    """Walk the values with low <= value < high from the top, equal ones together. There are LANES of them at most."""
    cdef Quantile found
    cdef float few[LANES]
    cdef double weights[LANES]
    cdef Py_ssize_t i, count = take_between(x, w, n, low, high, few, weights)
    found.value = high
    found.mass_from = above_high
    while True:
        high = found.value
        found.mass_above = found.mass_from
        found.value = low
        for i in range(count):
            if found.value < few[i] < high:
                found.value = few[i]
        for i in range(count):
            if few[i] == found.value:
                found.mass_from += weights[i]
        if found.mass_from >= target or found.value == low:
            return found


cdef inline Py_ssize_t take_between(
    const float* x, const double* w, Py_ssize_t n, float low, float high, float* out, double* weights
) noexcept nogil:
    """Copy out the values with low <= value < high, LANES of them at most, with their weights; returns how many.

    There may be more than were counted a moment ago where `x` is the caller's row and another thread writes to it.
    """
    cdef Py_ssize_t i, j, stop, count = 0
    for i in range(0, n, 64):
        stop = i + 64 if i + 64 < n else n
        if any_between(x + i, stop - i, low, high):
            for j in range(i, stop):
                if low <= x[j] < high:
                    CHECK(count < LANES)
                    if count == LANES:
                        return count
                    out[count] = x[j]
                    weights[count] = w[j] if w != NULL else 1.0
                    count += 1
    return count


cdef inline bint any_between(const float* x, Py_ssize_t n, float low, float high) noexcept nogil:
    cdef int hit = 0
    cdef Py_ssize_t i
    for i in range(n):
        hit |= (x[i] >= low) & (x[i] < high)
    return hit


cdef inline Py_ssize_t weigh_above(
    const float* x, const double* w, Py_ssize_t n, float pivot, double* above
) noexcept nogil:
    """How many values lie at or above the pivot, and what they weigh."""
    cdef double kept[CHUNK]
    cdef Py_ssize_t start, i, length
    cdef int count = count_above(x, n, pivot)
    above[0] = count
    if w == NULL:
        return count
    above[0] = 0.0
    for start in range(0, n, 512):
        # Two loops, not one: gcc 12 drops terms where the choice and the lanes are in the same loop.
        length = min(n - start, CHUNK)
        for i in range(length):
            kept[i] = w[start + i] if x[start + i] >= pivot else 0.0
        above[0] += sum_precise(kept, length)
    return count


cdef inline int count_above(const float* x, Py_ssize_t n, float pivot) noexcept nogil:
    cdef int count = 0
    cdef Py_ssize_t i
    for i in range(n):
        count += x[i] >= pivot
    return count
