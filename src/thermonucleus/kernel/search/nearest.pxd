"""The tokens nearest to a logit that together reach a target: for what keeps a band around it, or a part of the entropy.

Let F(r) be the sum, over the tokens that are kept and whose distance from `centre` is at most r, of their weights, or of their
weights times their surprises. Wanted is the least r with F(r) >= target. Weights are relative to that of the largest logit.

Copies of few tokens are searched by bisection. In a long row the tokens at the top are copied first, since on most rows they hold
the answer; else r is bisected, with a pass over the row each time, until few enough tokens have a distance inside the bracket to be
copied.
"""

from libc.math cimport INFINITY, fabs, sqrt

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count, group_count
from thermonucleus.kernel.row.tokens cimport finite_kept, is_empty, piece_of
from thermonucleus.kernel.row.types cimport CHUNK, LANES, SHORT, Interval, Row, Scale
from thermonucleus.kernel.search.candidates cimport copy_interval
from thermonucleus.kernel.search.short cimport kth_largest
from thermonucleus.kernel.search.subsample cimport sample_bracket
from thermonucleus.kernel.weights.double cimport Double, precise_weights, sum_precise

cdef struct Measure:
    double centre
    double surprise     # of the largest logit, in bits, where weights count times their surprises; else -1
    Scale scale


# Tokens whose distances lie between two bounds.
cdef struct Ring:
    double sum          # what they come to
    Py_ssize_t count
    double nearest      # +inf if there are none
    double furthest


cdef struct Nearest:
    double radius       # +inf if the target is not reached
    double inside       # what the tokens that are nearer than it come to
    double within       # what those come to together with the tokens at it


cdef inline Nearest nearest(
    const Row* row, const Measure* measure, double target, double whole, bint in_head, Scratch* scratch
) noexcept nogil:
    """The answer for a target that is a part of the `whole`. The row is settled, and its tokens are copies if they are few.

    `in_head` is False where a target that is the same but for rounding is known not to be reached at the top of a long row.
    """
    cdef Nearest found
    if row.ids != NULL:
        measure_tokens(measure, row.values, row.size, scratch.keys, scratch.weights)
        return nearest_of(scratch.keys, scratch.weights, row.size, -1.0, 0.0, target)
    if in_head and nearest_in_head(row, measure, target, scratch, &found):
        return found
    return nearest_by_passes(row, measure, target, whole, scratch)


cdef inline void measure_tokens(const Measure* measure, const float* x, Py_ssize_t n, double* keys, double* terms) noexcept nogil:
    """Each token's distance from the centre, and what it counts."""
    cdef Py_ssize_t i
    cdef double t
    precise_weights(x, n, &measure.scale, terms)
    for i in range(n):
        keys[i] = fabs(<double> x[i] - measure.centre)
        terms[i] *= 2.0**-64
    if measure.surprise >= 0.0:
        for i in range(n):
            t = (<double> x[i] - measure.scale.base) * measure.scale.slope
            terms[i] *= measure.surprise - (t if t > -1000.0 else -1000.0)


cdef inline Ring no_ring() noexcept nogil:
    return Ring(0.0, 0, INFINITY, -INFINITY)


cdef inline void add_ring(
    Ring* ring, const double* keys, const double* terms, Py_ssize_t n, double low, double high
) noexcept nogil:
    """Add the tokens with low < key <= high, of CHUNK at most."""
    cdef double inside[CHUNK]
    cdef double least[2 * LANES]
    cdef double most[2 * LANES]
    cdef Py_ssize_t i, j, whole = n - n % (2 * LANES)
    cdef int found = 0
    for i in range(n):
        inside[i] = terms[i] if (keys[i] > low) & (keys[i] <= high) else 0.0
    ring.sum += sum_precise(inside, n)
    for i in range(n):
        found += (keys[i] > low) & (keys[i] <= high)
    ring.count += found
    for j in range(2 * LANES):
        least[j] = INFINITY
        most[j] = -INFINITY
    for i in range(0, whole, 32):
        for j in range(2 * LANES):
            least[j] = keys[i + j] if (keys[i + j] > low) & (keys[i + j] < least[j]) else least[j]
            most[j] = keys[i + j] if (keys[i + j] <= high) & (keys[i + j] > most[j]) else most[j]
    for i in range(whole, n):
        j = i - whole
        least[j] = keys[i] if (keys[i] > low) & (keys[i] < least[j]) else least[j]
        most[j] = keys[i] if (keys[i] <= high) & (keys[i] > most[j]) else most[j]
    for j in range(2 * LANES):
        ring.nearest = least[j] if least[j] < ring.nearest else ring.nearest
        ring.furthest = most[j] if most[j] > ring.furthest else ring.furthest


cdef inline double middle_of(const Ring* ring, Py_ssize_t trip) noexcept nogil:
    """Halfway between the ends, or from some trip on halfway by rank, where 64 halvings leave no double between. (48: chosen.)"""
    cdef Double a, b
    a.value = ring.nearest
    b.value = ring.furthest
    if trip < 48:
        a.value = min(a.value + 0.5 * (b.value - a.value), b.value)
        return a.value if a.value < b.value else ring.nearest
    a.bits += (b.bits - a.bits) >> 1
    return a.value


cdef inline Ring ring_of(const double* keys, const double* terms, Py_ssize_t n, double low, double high) noexcept nogil:
    cdef Ring ring = no_ring()
    cdef Py_ssize_t start
    for start in range(0, n, 512):
        add_ring(&ring, keys + start, terms + start, min(n - start, CHUNK), low, high)
    return ring


cdef inline Nearest nearest_of(
    const double* keys, const double* terms, Py_ssize_t n, double low, double at_low, double target
) noexcept nogil:
    """The answer among few tokens. Invariant: at_low = F(low) < target <= F(high), and `ring` has the tokens between."""
    cdef double high = INFINITY, middle
    cdef Ring inner, ring = ring_of(keys, terms, n, low, high)
    cdef Py_ssize_t trip = 0
    if ring.count == 0 or at_low + ring.sum < target:
        return Nearest(INFINITY, at_low, at_low)
    while ring.nearest < ring.furthest:
        middle = middle_of(&ring, trip)
        trip += 1
        inner = ring_of(keys, terms, n, low, middle)
        if at_low + inner.sum >= target:
            high = middle
            ring = inner
        else:
            at_low += inner.sum
            low = middle
            ring = ring_of(keys, terms, n, low, high)
    return Nearest(ring.nearest, at_low, at_low + ring.sum)


cdef inline bint nearest_in_head(
    const Row* row, const Measure* measure, double target, Scratch* scratch, Nearest* found
) noexcept nogil:
    """The answer, if it is among the tokens at the top: as many as one in 64 of the groups have maxima, one in 8, or half of them
    (chosen)."""
    cdef Py_ssize_t groups = group_count(row.size)
    return (
        nearest_among(row, measure, target, groups // 64, scratch, found)
        or nearest_among(row, measure, target, groups // 8, scratch, found)
        or nearest_among(row, measure, target, groups // 2, scratch, found)
    )


cdef inline bint nearest_among(
    const Row* row, const Measure* measure, double target, Py_ssize_t tops, Scratch* scratch, Nearest* found
) noexcept nogil:
    """The answer, if it is no further from the centre than the lowest of so many maxima of groups."""
    cdef Py_ssize_t count, i, left = 0
    cdef float low = kth_largest(row.groups, group_count(row.size), tops, row.maximum)
    cdef double radius
    low = max(low, finite_kept(row).low)
    radius = measure.centre - low
    if radius <= 0.0:
        return False
    count = copy_interval(row, low, INFINITY, scratch)
    if count <= 0:
        return False
    # All tokens as near as the lowest of these are among them; those that are further up than that are not looked at.
    measure_tokens(measure, scratch.values, count, scratch.keys, scratch.weights)
    for i in range(count):
        scratch.keys[left] = scratch.keys[i]
        scratch.weights[left] = scratch.weights[i]
        left += scratch.keys[i] <= radius
    found[0] = nearest_of(scratch.keys, scratch.weights, left, -1.0, 0.0, target)
    return found.radius < INFINITY


cdef inline Nearest nearest_by_passes(
    const Row* row, const Measure* measure, double target, double whole, Scratch* scratch
) noexcept nogil:
    """The answer in a long row, by bisection until the tokens between are few. The first two radii are guesses from a sample."""
    cdef double low = -1.0, high = INFINITY, at_low = 0.0, middle, further
    cdef Ring inner, outer, ring = no_ring()
    cdef Py_ssize_t trip = 0, count
    guess_radii(row, measure, target / whole, scratch, &middle, &further)
    split_ring(row, measure, low, middle, further, &inner, &ring)
    if inner.sum >= target:
        high = middle
        ring = inner
    elif inner.sum + ring.sum >= target:
        low = middle
        high = further
        at_low = inner.sum
    else:
        low = further
        at_low = inner.sum + ring.sum
        split_ring(row, measure, low, low, high, &inner, &ring)
        if ring.count == 0 or at_low + ring.sum < target:
            return Nearest(INFINITY, at_low, at_low)
    # 48 halvings and 64 by rank leave no double between; only a row that another thread writes to could go on.
    while ring.count > SHORT and ring.nearest < ring.furthest and trip < 128:
        # Tokens of less than 2**-200 count nowhere: what is further off need not be halved.
        ring.furthest = min(ring.furthest, max(ring.nearest, 200.0 / measure.scale.slope))
        middle = middle_of(&ring, trip)
        trip += 1
        split_ring(row, measure, low, middle, high, &inner, &outer)
        if at_low + inner.sum >= target:
            high = middle
            ring = inner
        else:
            at_low += inner.sum
            low = middle
            ring = outer
    if ring.nearest >= ring.furthest or ring.count > SHORT:
        return Nearest(ring.nearest, at_low, at_low + ring.sum)
    count = copy_ring(row, measure, low, high, scratch)
    return nearest_of(scratch.keys, scratch.weights, count, low, at_low, target)


cdef inline void guess_radii(
    const Row* row, const Measure* measure, double share, Scratch* scratch, double* low, double* high
) noexcept nogil:
    """Two radii that the answer is likely between: a sample's, less and more two standard errors (chosen)."""
    cdef Interval kept = finite_kept(row)
    cdef Ring all
    cdef double off, squares = 0.0
    cdef Py_ssize_t i, n
    sample_bracket(&scratch.sample, row, kept.low, kept.high)
    n = scratch.sample.size
    measure_tokens(measure, scratch.sample.values, n, scratch.keys, scratch.weights)
    all = ring_of(scratch.keys, scratch.weights, n, -1.0, INFINITY)
    low[0] = nearest_of(scratch.keys, scratch.weights, n, -1.0, 0.0, share * all.sum).radius
    for i in range(n):
        off = scratch.weights[i] * ((1.0 - share) if scratch.keys[i] <= low[0] else share)
        squares += off * off
    off = 2.0 * sqrt(squares)
    high[0] = nearest_of(scratch.keys, scratch.weights, n, -1.0, 0.0, share * all.sum + off).radius
    low[0] = nearest_of(scratch.keys, scratch.weights, n, -1.0, 0.0, max(share * all.sum - off, 0.0)).radius


cdef inline void split_ring(
    const Row* row, const Measure* measure, double low, double middle, double high, Ring* inner, Ring* outer
) noexcept nogil:
    """What the tokens of the row with low < distance <= middle come to, and those with middle < distance <= high."""
    cdef float spare[CHUNK]
    cdef double keys[CHUNK]
    cdef double terms[CHUNK]
    cdef Py_ssize_t chunk
    inner[0] = outer[0] = no_ring()
    for chunk in range(chunk_count(row.size)):
        if not is_empty(row, chunk, row.kept.low):
            measure_piece(row, measure, piece_of(row, chunk, spare), keys, terms)
            add_ring(inner, keys, terms, CHUNK, low, middle)
            add_ring(outer, keys, terms, CHUNK, middle, high)


cdef inline void measure_piece(
    const Row* row, const Measure* measure, const float* x, double* keys, double* terms
) noexcept nogil:
    """Measure CHUNK tokens; those that are not kept are nowhere: their distance is below all others."""
    cdef Interval kept = finite_kept(row)
    cdef Py_ssize_t i
    measure_tokens(measure, x, CHUNK, keys, terms)
    for i in range(512):
        keys[i] = keys[i] if (x[i] >= kept.low) & (x[i] < kept.high) else -INFINITY


cdef inline Py_ssize_t copy_ring(
    const Row* row, const Measure* measure, double low, double high, Scratch* scratch
) noexcept nogil:
    """Copy out the distances and terms of the tokens with low < distance <= high, SHORT at most; returns how many."""
    cdef float spare[CHUNK]
    cdef double keys[CHUNK]
    cdef double terms[CHUNK]
    cdef Py_ssize_t chunk, i, count = 0
    for chunk in range(chunk_count(row.size)):
        if is_empty(row, chunk, row.kept.low):
            continue
        measure_piece(row, measure, piece_of(row, chunk, spare), keys, terms)
        for i in range(512):
            scratch.keys[count] = keys[i]
            scratch.weights[count] = terms[i]
            count += (low < keys[i]) & (keys[i] <= high)
        # There may be more than were counted where another thread writes to the row.
        if count > SHORT:
            return SHORT
    return count
