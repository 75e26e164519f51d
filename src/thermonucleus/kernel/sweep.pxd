"""A sweep over a long row: what lies above, between and below two pivots."""

from libc.math cimport INFINITY

from thermonucleus.kernel.exp2 cimport chunk_rough, chunk_weights, drop_below, sum_chunk
from thermonucleus.kernel.precise cimport logit_of, precise_weights, sum_precise
from thermonucleus.kernel.quantile cimport count_above
from thermonucleus.kernel.row cimport CHUNK, Scale, View, chunk_count, chunk_length, whole_chunk
from thermonucleus.kernel.search cimport ROUGH, SINGLE

cdef struct Parts:
    double above        # x >= upper
    double between      # lower <= x < upper
    double below        # floor <= x < lower


cdef inline Parts sweep_counts(const View* row, float lower, float upper) noexcept nogil:
    cdef Parts parts
    cdef Py_ssize_t chunk, n, above = 0, both = 0
    cdef const float* x
    for chunk in range(chunk_count(row.size)):
        x = row.values + chunk * CHUNK
        n = chunk_length(row.size, chunk)
        if row.maxima[chunk] >= lower:
            both += count_above(x, n, lower)
        if row.maxima[chunk] >= upper:
            above += count_above(x, n, upper)
    parts.above = above
    parts.between = both - above
    parts.below = row.size - both
    return parts


cdef inline Parts sweep_weights(
    const View* row, const Scale* scale, int level, float floor, float lower, float upper, double* sums
) noexcept nogil:
    """Weights in float32. `sums`: of the weights above, for each chunk."""
    cdef Parts parts
    cdef Py_ssize_t chunk
    cdef const float* x
    cdef float highest
    cdef float negligible = negligible_logit(row, scale, level)
    cdef float w[CHUNK]
    cdef float spare[CHUNK]
    parts.above = parts.between = parts.below = 0.0
    for chunk in range(chunk_count(row.size)):
        sums[chunk] = 0.0
        highest = row.maxima[chunk]
        if highest < floor or highest < negligible:
            continue
        x = whole_chunk(row, chunk, spare)
        if level == ROUGH:
            chunk_rough(x, CHUNK, scale, w)
        else:
            chunk_weights(x, CHUNK, scale, w)
        if floor > -INFINITY:
            drop_below(x, w, floor)
        if highest < lower:
            parts.below += sum_chunk(w)
        else:
            sums[chunk] = split_chunk(x, w, lower, upper, highest >= upper, &parts)
    return parts


cdef inline float negligible_logit(const View* row, const Scale* scale, int level) noexcept nogil:
    """What lies below comes to less than the rounding errors: less than 2**-28 of the total; to less than 2**-20 roughly."""
    # The largest weight is 2**63.5 or more.
    cdef double share = 2.0**-29 if level == SINGLE else 2.0**-21
    return <float> logit_of(2.0**63 * share / row.size, scale)


cdef inline double split_chunk(
    const float* x, float* w, float lower, float upper, bint reaches_upper, Parts* parts
) noexcept nogil:
    """Add the chunk's weights, which are used up, to the parts; returns what it adds above."""
    cdef float above[CHUNK]
    cdef float below[CHUNK]
    cdef Py_ssize_t i
    cdef double sum_above = 0.0
    for i in range(512):
        below[i] = w[i] if x[i] < lower else <float> 0.0
    if reaches_upper:
        for i in range(512):
            above[i] = w[i] if x[i] >= upper else <float> 0.0
        for i in range(512):
            w[i] = w[i] - above[i] - below[i]
        sum_above = sum_chunk(above)
    else:
        for i in range(512):
            w[i] -= below[i]
    parts.above += sum_above
    parts.between += sum_chunk(w)
    parts.below += sum_chunk(below)
    return sum_above


cdef inline Parts sweep_precisely(
    const View* row, const Scale* scale, float floor, float lower, float upper
) noexcept nogil:
    """Weights in float64."""
    cdef Parts parts
    cdef Py_ssize_t chunk, i
    cdef const float* x
    cdef double w[CHUNK]
    cdef double above[CHUNK]
    cdef double below[CHUNK]
    cdef float spare[CHUNK]
    parts.above = parts.between = parts.below = 0.0
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < floor:
            continue
        x = whole_chunk(row, chunk, spare)
        precise_weights(x, CHUNK, scale, w)
        for i in range(512):
            above[i] = w[i] if x[i] >= upper else 0.0
        for i in range(512):
            below[i] = w[i] if floor <= x[i] < lower else 0.0
        for i in range(512):
            w[i] = w[i] if lower <= x[i] < upper else 0.0
        parts.above += sum_precise(above, CHUNK)
        parts.between += sum_precise(w, CHUNK)
        parts.below += sum_precise(below, CHUNK)
    return parts
