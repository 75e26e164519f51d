"""A sweep over a long row: what lies below a logit, and what lies at or above another."""

from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, group_count, part_of, whole_chunk
from thermonucleus.kernel.row.types cimport BLOCK_CHUNKS, CHUNK, LANES, MANY, Row, Scale
from thermonucleus.kernel.search.bracket cimport CRUDE, DOUBLE, LEFT_OUT, SINGLE, Search
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.weights.approximate cimport add_crude_below, add_fine_below, crude_mass
from thermonucleus.kernel.weights.chunk_sums cimport Sides, fold, mass_beside, mass_outside
from thermonucleus.kernel.weights.double cimport logit_of, precise_weights, sum_lanes, sum_precise


cdef inline Sides sweep(Search* search, float low, float high) noexcept nogil:
    """What lies below low, and what lies at or above high. At a level below SINGLE nothing may lie at or above high."""
    search.sweeps += 1
    if search.scale == NULL:
        return sweep_counts(search.row, search.set_low, low, high)
    if search.precision == DOUBLE:
        return sweep_precisely(search.row, search.scale, search.set_low, low, high)
    search.sums_from = high
    if search.precision == SINGLE:
        return sweep_weights(search, low, high)
    CHECK(count_above(search.row.groups, group_count(search.row.size), high) == 0)
    return sweep_below(search, low)


cdef inline Sides sweep_counts(const Row* row, float set_low, float low, float high) noexcept nogil:
    """Numbers of tokens, of those at or above the floor."""
    cdef Sides sides
    cdef Py_ssize_t chunk, n, over_floor = 0, over_low = 0, over_high = 0
    cdef float spare[CHUNK]
    cdef const float* x
    for chunk in range(chunk_count(row.size)):
        n = chunk_length(row.size, chunk)
        x = part_of(&row.source, chunk * CHUNK, n, spare)
        if row.maxima[chunk] >= high:
            over_high += count_above(x, n, high)
        if low < high and row.maxima[chunk] >= low:
            over_low += count_above(x, n, low)
        if set_low > -INFINITY and row.maxima[chunk] >= set_low:
            over_floor += count_above(x, n, set_low)
    sides.above = over_high
    sides.below = (over_floor if set_low > -INFINITY else row.size) - (over_low if low < high else over_high)
    return sides


cdef inline Sides sweep_weights(Search* search, float low, float high) noexcept nogil:
    """Weights in float32. The sums of those above are kept for each chunk."""
    cdef Sides sides
    cdef double below[2 * LANES]
    cdef float spare[CHUNK]
    cdef double* sums = search.scratch.sums
    cdef const float* x
    cdef const Row* row = search.row
    cdef float bound = max(search.set_low, negligible_logit(search))
    cdef Py_ssize_t i, chunk
    for i in range(2 * LANES):
        below[i] = 0.0
    sides.above = 0.0
    for chunk in range(chunk_count(row.size)):
        sums[chunk] = 0.0
        if row.maxima[chunk] >= bound:
            x = whole_chunk(&row.source, chunk, spare)
            if low == high and search.set_low == -INFINITY:
                sums[chunk] = mass_beside(x, search.scale, high, below)
            else:
                sums[chunk] = mass_outside(x, search.scale, search.set_low, low, high, below)
            sides.above += sums[chunk]
    sides.below = sum_lanes(below)
    return sides


cdef inline Sides sweep_below(Search* search, float low) noexcept nogil:
    """What lies below, and not far from it."""
    cdef Sides sides
    cdef float lanes[MANY]
    cdef float spare[CHUNK]
    cdef const Row* row = search.row
    cdef const float* x
    cdef float bound = negligible_logit(search)
    cdef Py_ssize_t chunk, added = 0
    clear(lanes)
    sides.below = sides.above = 0.0
    for chunk in range(chunk_count(row.size)):
        search.scratch.sums[chunk] = 0.0
        if row.maxima[chunk] >= bound:
            x = whole_chunk(&row.source, chunk, spare)
            if search.precision == CRUDE:
                add_crude_below(x, search.scale, low, lanes)
                continue
            add_fine_below(x, search.scale, low, lanes)
            added += 1
            if added == BLOCK_CHUNKS:
                sides.below += fold(lanes)
                clear(lanes)
                added = 0
    sides.below += fold(lanes)
    if search.precision == CRUDE:
        sides.below = crude_mass(sides.below)
    return sides


cdef inline void clear(float* lanes) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(MANY):
        lanes[i] = 0.0


cdef inline float negligible_logit(const Search* search) noexcept nogil:
    """Of tokens below it there may be as many as there are tokens, and the search can still leave them out."""
    return <float> logit_of(LEFT_OUT[search.precision] * 2.0**63 / search.row.size, search.scale)


cdef inline Sides sweep_precisely(
    const Row* row, const Scale* scale, float set_low, float low, float high
) noexcept nogil:
    """Weights in float64."""
    cdef Sides sides
    cdef Py_ssize_t chunk, i
    cdef const float* x
    cdef double w[CHUNK]
    cdef double below[CHUNK]
    cdef float spare[CHUNK]
    sides.below = sides.above = 0.0
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < set_low:
            continue
        x = whole_chunk(&row.source, chunk, spare)
        precise_weights(x, CHUNK, scale, w)
        for i in range(512):
            below[i] = w[i] if (x[i] >= set_low) & (x[i] < low) else 0.0
        for i in range(512):
            w[i] = w[i] if x[i] >= high else 0.0
        sides.below += sum_precise(below, CHUNK)
        sides.above += sum_precise(w, CHUNK)
    return sides
