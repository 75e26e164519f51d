"""Weighted quantiles of a short array, by bisection: no sort, and the array is only read."""

from libc.math cimport INFINITY

from thermonucleus.kernel.exp2 cimport sum_weights
from thermonucleus.kernel.floats cimport between, next_up
from thermonucleus.kernel.row cimport CHUNK, LANES

cdef struct Quantile:
    float value         # every x[i] below it weighs nothing in `above`, whether or not it is an x[i] itself
    double above        # what lies at or above the value
    double before       # what lies above it


cdef inline Quantile quantile(
    const float* x, const double* w, Py_ssize_t n, double target, double above_all, float low, float high
) noexcept nogil:
    """The largest value at which what lies at or above it reaches the target.

    A value x[i] weighs w[i], or 1 where w is NULL; `above_all` is what lies at `high` or above, where no x[i] is. What lies at or
    above `low` is known to reach the target.
    """
    cdef Quantile found
    cdef float pivot
    cdef double above
    cdef Py_ssize_t count, count_low = n, count_high = 0, trip = 0
    found.before = above_all
    while count_low - count_high > LANES and next_up(low) < high:
        pivot = halfway(low, high, trip)
        trip += 1
        count = weigh_above(x, w, n, pivot, &above)
        above += above_all
        if above >= target:
            low = pivot
            count_low = count
        else:
            high = pivot
            count_high = count
            found.before = above
    if count_low - count_high <= LANES:
        return descend(x, w, n, target, found.before, low, high)
    weigh_above(x, w, n, low, &above)       # ties: no other float is left between low and high
    found.value = low
    found.above = above + above_all
    return found


cdef inline float halfway(float low, float high, Py_ssize_t trip) noexcept nogil:
    """A float strictly between: halfway by value, which finds smooth distributions soon; then by rank, which ends on any."""
    cdef float middle = <float> (0.5 * (<double> low + high))
    if trip < 12 and low < middle < high and low > -INFINITY and high < INFINITY:
        return middle
    return between(low, high)


cdef inline Quantile descend(
    const float* x, const double* w, Py_ssize_t n, double target, double above_high, float low, float high
) noexcept nogil:
    """Walk the at most LANES values with low <= value < high from the top, equal ones together."""
    cdef Quantile found
    cdef float few[LANES]
    cdef double weights[LANES]
    cdef Py_ssize_t i, count = take_between(x, w, n, low, high, few, weights)
    found.value = high
    found.above = above_high
    while True:
        high = found.value
        found.before = found.above
        found.value = low
        for i in range(count):
            if found.value < few[i] < high:
                found.value = few[i]
        for i in range(count):
            if few[i] == found.value:
                found.above += weights[i]
        if found.above >= target or found.value == low:
            return found


cdef inline Py_ssize_t take_between(
    const float* x, const double* w, Py_ssize_t n, float low, float high, float* out, double* weights
) noexcept nogil:
    cdef Py_ssize_t i, j, stop, count = 0
    cdef int hit
    for i in range(0, n, 16):
        stop = i + LANES if i + LANES < n else n
        hit = 0
        for j in range(i, stop):
            hit |= (x[j] >= low) & (x[j] < high)
        if hit:
            for j in range(i, stop):
                if low <= x[j] < high:
                    out[count] = x[j]
                    weights[count] = w[j] if w != NULL else 1.0
                    count += 1
    return count


cdef inline Py_ssize_t weigh_above(
    const float* x, const double* w, Py_ssize_t n, float pivot, double* above
) noexcept nogil:
    """How many values lie at or above the pivot, and what they weigh."""
    cdef double kept[CHUNK]
    cdef Py_ssize_t start, i, length
    cdef int count = 0
    for i in range(n):
        count += x[i] >= pivot
    above[0] = count
    if w == NULL:
        return count
    above[0] = 0.0
    for start in range(0, n, 512):
        # Two loops, not one: gcc 12 drops terms where the choice and the lanes are in the same loop.
        length = min(n - start, CHUNK)
        for i in range(length):
            kept[i] = w[start + i] if x[start + i] >= pivot else 0.0
        above[0] += sum_weights(kept, length)
    return count
