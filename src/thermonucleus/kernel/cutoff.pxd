"""The cutoff: the lowest logit that top-k, top-p and min-p leave.

Every truncation keeps the tokens at or above some logit, ties with it included. Each is applied to what the one before left.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.exp2 cimport chunk_weights, logit_of, mass_above, precise_log2
from thermonucleus.kernel.heap cimport heapify, pop
from thermonucleus.kernel.row cimport CHUNK, SHORT, Scale, Scratch, Settings, View, chunk_count, chunk_length
from thermonucleus.kernel.select cimport Search, measure, next_up, select

cdef extern from *:
    """
    /* A sum that falls short of top_p, or a probability that falls short of min_p * max, by less than this has reached it. */
    #define THERMONUCLEUS_ROUNDING 1e-6
    /* Two float32 sums compared with each other are off by less than 2**-22 of the whole; `mass` skips less than 2**-28. */
    #define THERMONUCLEUS_SLACK 2.5e-7
    """
    const double ROUNDING "THERMONUCLEUS_ROUNDING"
    const double SLACK "THERMONUCLEUS_SLACK"


cdef inline float find_cutoff(
    View* row, float maximum, const Scale* scale, const Settings* settings, Scratch* scratch
) noexcept nogil:
    """Lowest logit kept. The row is shrunk to its survivors on the way, as soon as they are few."""
    cdef float cutoff = -INFINITY
    if 0.0 < settings.top_k < row.size:
        cutoff = top_k_cutoff(row, <Py_ssize_t> settings.top_k, scratch)
    if settings.top_p <= ROUNDING:
        cutoff = maximum        # nothing at all has reached it already; one token and its ties are kept
    elif settings.top_p < 1.0:
        cutoff = top_p_cutoff(row, scale, settings.top_p, cutoff, scratch)
    if settings.min_p > 0.0:
        cutoff = max(cutoff, min_p_cutoff(maximum, scale, settings.min_p))
    if cutoff > -INFINITY:
        shrink(row, cutoff, scratch)
    return cutoff


cdef inline float top_k_cutoff(View* row, Py_ssize_t k, Scratch* scratch) noexcept nogil:
    """The k-th largest logit."""
    cdef Search search
    # k chunks hold a logit that reaches the k-th largest chunk maximum: the k-th largest logit is no lower.
    if k <= chunk_count(row.size) <= SHORT:
        shrink(row, kth_largest(row.maxima, chunk_count(row.size), k, scratch.heap), scratch)
    search.whole = search.row = row
    search.scale = NULL
    search.precise = False
    search.floor = search.low = -INFINITY
    search.high = INFINITY
    search.fraction = 1.0
    search.target = k
    search.slack = 0.0
    search.above_low = row.size
    search.above_high = 0.0
    return select(&search, scratch.heap)


cdef inline float kth_largest(const float* values, Py_ssize_t count, Py_ssize_t k, float* heap) noexcept nogil:
    cdef float largest = INFINITY
    cdef Py_ssize_t i, _i
    for i in range(count):
        heap[i] = values[i]
    heapify(heap, count)
    for _i in range(k):
        largest = pop(heap, &count)
    return largest


cdef inline float top_p_cutoff(View* row, const Scale* scale, double top_p, float floor, Scratch* scratch) noexcept nogil:
    """The nucleus of the tokens at or above `floor` (Holtzman et al. 2019, equation 2)."""
    cdef Search search
    cdef View whole = row[0]
    cdef double total, above
    search.whole = search.row = &whole
    search.scale = scale
    search.precise = row.size <= SHORT      # so few are weighed in float64 at once; a long row only when it comes to that
    search.floor = search.low = floor
    search.high = INFINITY
    if search.precise:
        measure(&search, &whole, INFINITY, floor, &above, &total)
        search.slack = 0.0
    else:
        total = mass(row, scale, floor)
        search.slack = SLACK * total
        # All tokens with a share below (1 - p)/V have less than 1 - p together: none of them can be in the nucleus.
        shrink(row, max(floor, <float> logit_of(0.99 * (1.0 - top_p) * total / row.size, scale)), scratch)
        search.row = row
    search.fraction = top_p - ROUNDING
    search.target = search.fraction * total
    search.above_low = total
    search.above_high = 0.0
    return select(&search, scratch.heap)


cdef inline double mass(const View* row, const Scale* scale, float floor) noexcept nogil:
    """Sum of the weights at or above the floor, less at most 2**-28 of it."""
    cdef float w[CHUNK]
    cdef double total = 0.0
    cdef Py_ssize_t chunk, n
    cdef const float* x
    # Weights reach 2**63.5; V of them at most 2**-29 / V of that come to 2**-29 of it.
    cdef float negligible = <float> logit_of(17179869184.0 / row.size, scale)
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < floor or row.maxima[chunk] < negligible:
            continue
        x = row.values + chunk * CHUNK
        n = chunk_length(row.size, chunk)
        chunk_weights(x, n, scale, w)
        total += mass_above(x, w, n, floor)
    return total


cdef inline float min_p_cutoff(float maximum, const Scale* scale, double min_p) noexcept nogil:
    """The lowest float that is at least maximum + T log(min_p)."""
    cdef double bound = maximum + precise_log2(min_p * (1.0 - ROUNDING)) / scale.slope
    cdef float cutoff = <float> bound
    return next_up(cutoff) if cutoff < bound else cutoff


cdef inline void shrink(View* row, float cutoff, Scratch* scratch) noexcept nogil:
    """Reduce the row to its tokens at or above the cutoff if these are few enough; index order is kept."""
    cdef Py_ssize_t chunk, start, i, j, n, count = 0
    cdef const float* x
    cdef int hit
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < cutoff:
            continue
        start = chunk * CHUNK
        n = chunk_length(row.size, chunk)
        x = row.values + start
        for i in range(0, n, 16):
            hit = 0
            for j in range(i, min(i + 16, n)):
                hit |= x[j] >= cutoff
            if not hit:
                continue
            for j in range(i, min(i + 16, n)):
                # When the row already is the short one, what is written here has been read before.
                scratch.values[count] = x[j]
                scratch.ids[count] = row.ids[start + j] if row.ids != NULL else start + j
                count += x[j] >= cutoff
        if count > SHORT:
            return
    row.values = scratch.values
    row.ids = scratch.ids
    row.size = count
    row.maxima = scratch.value_maxima
    for chunk in range(chunk_count(count)):
        row.maxima[chunk] = INFINITY    # not worth knowing for so few: no chunk is passed over
