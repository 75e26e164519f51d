"""What closed forms ask for: sums over the tokens that are kept, in float64.

A token of logit x has t = (x - M) s, the logarithm to base 2 of how probable it is beside the most probable one, M being the
largest logit and s the slope of the scale: t <= 0. Its weight is w = 2**t, its probability w / Z, its surprise log2 Z - t bits.

In float64 the sums are within 1e-12 of themselves: a weight is within 1e-15 of itself for each unit of t, and a sum of n floats in
2 LANES lanes within n / (2 LANES) 2**-53. In a long row they are summed in float32 first, five times as fast, within 6e-7 (see
`add_moments`): a cutoff that follows from them is good unless a token lies where it may be.
"""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.tokens cimport count_inside, finite_kept, is_empty, piece_of
from thermonucleus.kernel.row.types cimport BRIEF, CHUNK, Interval, Row, Scale
from thermonucleus.kernel.search.short cimport count_above
from thermonucleus.kernel.search.top cimport Top, copy_top, is_surveyed, keep_top
from thermonucleus.kernel.stages.cut cimport cut_below, cutoff_at, settle
from thermonucleus.kernel.weights.approximate cimport approximations_hold, fine_mass, roughness
from thermonucleus.kernel.weights.chunk_sums cimport add_moments, kept_mass
from thermonucleus.kernel.weights.double cimport logit_of, precise_log2, precise_weight, precise_weights, sum_precise
from thermonucleus.kernel.weights.survey cimport mass_of_survey

cdef extern from *:
    """
    /* How far the moments of `quick_moments` may be off, as a part of themselves: 5.4e-7 (see `add_moments`), rounded up. */
    #define THERMONUCLEUS_QUICK_ERROR 6e-7
    """
    const double QUICK_ERROR "THERMONUCLEUS_QUICK_ERROR"

cdef enum:
    # Which moments a stage asks for: each includes those before it.
    MASS, BITS, SQUARES


cdef struct Moments:
    double others       # the weights of all tokens but one of the most probable: Z - 1
    double bits         # the sum of w t
    double squares      # the sum of w**2

# log2 of the part of the largest probability that a stage keeps, for its number and a row of so many logits. `gain` is how many
# times the error of the moments, as a part of them, the result's is, in nats.
ctypedef double (*cutoff_function)(const Moments*, double, Py_ssize_t, double*) noexcept nogil


cdef inline double mass_of(const Moments* moments) noexcept nogil:
    """Z."""
    return 1.0 + moments.others


cdef inline double log2_mass(const Moments* moments) noexcept nogil:
    """log2 Z, which is the surprise of the most probable token."""
    cdef double y = moments.others
    if y < 1e-6:
        # Exact to 1e-18 of itself: the next term of the series is y**3 / 4.
        return 1.4426950408889634 * y * (1.0 - y * (0.5 - y / 3.0))
    return precise_log2(1.0 + y)


cdef inline double entropy_of(const Moments* moments) noexcept nogil:
    """The mean surprise, in bits."""
    return log2_mass(moments) - moments.bits / mass_of(moments)


cdef inline Scale from_largest(const Row* row) noexcept nogil:
    """The row's scale, with the largest logit subtracted first: weights in float64 are then best where they matter most."""
    cdef Scale scale = row.scale
    scale.base = row.maximum
    scale.exponent = 0.0
    return scale


cdef inline Moments moments_of(const Row* row, int which) noexcept nogil:
    """Moments of what is kept at the scale of the row, in float64; 0 in place of those that are not asked for."""
    cdef Moments moments
    cdef Scale scale = from_largest(row)
    cdef Interval kept = finite_kept(row)
    cdef float spare[CHUNK]
    cdef double w[CHUNK]
    cdef double products[CHUNK]
    cdef const float* x
    cdef Py_ssize_t chunk, i, ties = 0
    cdef double t
    cdef int found
    moments.others = moments.bits = moments.squares = 0.0
    for chunk in range(chunk_count(row.size)):
        if is_empty(row, chunk, kept.low):
            continue
        x = piece_of(row, chunk, spare)
        precise_weights(x, CHUNK, &scale, w)
        found = 0
        for i in range(512):
            w[i] = w[i] * 2.0**-64 if (x[i] >= kept.low) & (x[i] < row.maximum) else 0.0
        for i in range(512):
            found += x[i] == row.maximum
        ties += found
        moments.others += sum_precise(w, CHUNK)
        if which >= BITS:
            for i in range(512):
                t = (<double> x[i] - scale.base) * scale.slope
                products[i] = w[i] * (t if t > -1000.0 else -1000.0)
            moments.bits += sum_precise(products, CHUNK)
        if which == SQUARES:
            for i in range(512):
                products[i] = w[i] * w[i]
            moments.squares += sum_precise(products, CHUNK)
    moments.others += ties - 1
    moments.squares += ties
    return moments


cdef inline Moments fine_moments(const Row* row) noexcept nogil:
    """The mass of a long row in fine weights, off by `roughness` at most; 0 in place of the others."""
    cdef Moments moments
    cdef Interval kept = finite_kept(row)
    cdef float spare[CHUNK]
    cdef double mass = 0.0
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(row.size)):
        if not is_empty(row, chunk, kept.low):
            mass += fine_mass(piece_of(row, chunk, spare), &row.scale, &kept)
    moments.others = max(mass / precise_weight(row.maximum, &row.scale) - 1.0, 0.0)
    moments.bits = moments.squares = 0.0
    return moments


cdef inline Moments quick_moments(const Row* row, int which) noexcept nogil:
    """The same in float32; 0 in place of those that are not asked for."""
    cdef Moments moments
    cdef Interval kept = finite_kept(row)
    cdef float spare[CHUNK]
    cdef const float* x
    cdef double mass = 0.0, products = 0.0, squares = 0.0, largest = precise_weight(row.maximum, &row.scale)
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(row.size)):
        if is_empty(row, chunk, kept.low):
            continue
        x = piece_of(row, chunk, spare)
        if which == MASS:
            mass += kept_mass(x, &row.scale, &kept, NULL)
        elif which == BITS:
            add_moments(x, &row.scale, row.maximum, &kept, &mass, &products, NULL)
        else:
            add_moments(x, &row.scale, row.maximum, &kept, &mass, &products, &squares)
    moments.others = mass / largest - 1.0
    moments.bits = products * row.scale.slope / largest
    moments.squares = squares / (largest * 2.0**-64) / (largest * 2.0**-64)
    return moments


cdef inline float cutoff_by_moments(
    Row* row, cutoff_function cutoff, int which, double number, Scratch* scratch
) noexcept nogil:
    """The lowest logit that is as probable as the function says, no higher than the largest. In a long row float32 decides, unless
    a token lies in doubt."""
    cdef Moments moments
    cdef double bits, gain, error
    cdef int attempt
    if not settle(row, False, scratch) and row.size > BRIEF:
        # A mass is known to some 1e-5 in half the time that float32 takes; that tells of most rows.
        for attempt in range(0 if which == MASS and approximations_hold(&row.scale, row.size) else 1, 2):
            moments = fine_moments(row) if attempt == 0 else quick_moments(row, which)
            error = roughness(&row.scale) if attempt == 0 else QUICK_ERROR
            bits = cutoff(&moments, number, row.source.size, &gain)
            if count_inside(row, cutoff_at(row, bits - doubt_of(gain, error)), cutoff_at(row, bits + doubt_of(gain, error))) == 0:
                return cutoff_at(row, bits)
    moments = moments_of(row, which)
    return cutoff_at(row, cutoff(&moments, number, row.source.size, &gain))


cdef inline double doubt_of(double gain, double error) noexcept nogil:
    """By how many bits a cutoff may be off, for an error of the moments as a part of them."""
    return 1.4426950408889634 * gain * error + 1e-12


cdef inline void cut_by_moments(
    Row* row, cutoff_function cutoff, int which, double number, Scratch* scratch
) noexcept nogil:
    """Keep what is at least as probable as the function says."""
    cdef Top top
    if cutoff_by_survey(row, cutoff, which, number, scratch, &top):
        cut_below(row, top.cutoff)
        keep_top(row, &top, scratch)
    else:
        cut_below(row, cutoff_by_moments(row, cutoff, which, number, scratch))


cdef inline float cutoff_of(Row* row, cutoff_function cutoff, int which, double number, Scratch* scratch) noexcept nogil:
    """The lowest logit that is as probable as the function says."""
    cdef Top top
    if cutoff_by_survey(row, cutoff, which, number, scratch, &top):
        return top.cutoff
    return cutoff_by_moments(row, cutoff, which, number, scratch)


cdef inline bint cutoff_by_survey(
    Row* row, cutoff_function cutoff, int which, double number, Scratch* scratch, Top* top
) noexcept nogil:
    """The cutoff in a surveyed row, if its heaviest tokens tell it, whatever the others weigh within the error of the survey."""
    cdef Moments moments
    cdef double largest = precise_weight(row.maximum, &row.scale), bits, gain, doubt, error
    if which == BITS or not is_surveyed(row):
        return False
    moments.others = max(mass_of_survey(row, &row.scale) / largest - 1.0, 0.0)
    moments.squares = 1.0
    # The mass is no more than that, and the cutoff no lower. (Chosen, for squares: those of lighter tokens hardly count.)
    top.low = cutoff_at(row, cutoff(&moments, number, row.source.size, &gain) - 0.1) if which == MASS else (
        <float> logit_of(2.0**-10 * mass_of_survey(row, &row.scale), &row.scale)
    )
    top.low = min(top.low, row.maximum)
    if not copy_top(row, top, scratch):
        return False
    moments.others = (top.mass + top.rest) / largest - 1.0
    error = top.error / (top.mass + top.rest)
    if which == SQUARES:
        moments.squares = squares_of_top(row, top, scratch, &error) / largest / largest
    bits = cutoff(&moments, number, row.source.size, &gain)
    doubt = doubt_of(gain, error)
    top.cutoff = cutoff_at(row, bits)
    return top.low <= cutoff_at(row, bits - doubt) and (
        count_above(scratch.values, top.taken, cutoff_at(row, bits - doubt))
        == count_above(scratch.values, top.taken, cutoff_at(row, bits + doubt))
    )


cdef inline double squares_of_top(const Row* row, const Top* top, Scratch* scratch, double* error) noexcept nogil:
    """The sum of the squares of all weights, and in `error` by how much this or the mass may be off, as a part of it.

    Those of the rest come to 0 at least, and to what they weigh times the most that one of them may weigh at most.
    """
    cdef double sum = 0.0, rest = 0.5 * (top.rest + top.error) * precise_weight(top.low, &row.scale)
    cdef Py_ssize_t i
    for i in range(top.taken):
        sum += scratch.weights[i] * scratch.weights[i]
    error[0] = max(error[0], rest / (sum + rest))
    return sum + rest
