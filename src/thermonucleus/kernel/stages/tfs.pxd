"""Tail-free sampling: the head of the sorted probabilities, up to where their curve has straightened.

With p_1 >= p_2 >= ... the bend b_i = |(p_i - p_(i+1)) - (p_(i+1) - p_(i+2))|. Kept are the tokens of at least p_(j+1), j being the
number of bends whose running sum is at most z times that of all. The curve falls from p_m on by p_m at most, so its bends from
there on come to 2 p_m at most: with this bound on the sum of all, most rows need their first few tokens alone.
"""

from libc.math cimport INFINITY, fabs

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport count_inside, count_kept, finite_kept, least_from
from thermonucleus.kernel.row.types cimport Row, Scale
from thermonucleus.kernel.search.ordered cimport BLOCK, FIRST_BLOCK, Descent, descend_from, next_block
from thermonucleus.kernel.stages.cut cimport cut_below, settle
from thermonucleus.kernel.stages.moments cimport MASS, Moments, from_largest, mass_of, moments_of
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.double cimport precise_weight
from thermonucleus.kernel.weights.float_order cimport next_up

cdef extern from *:
    """
    /* Chosen: bends that sum to less are rounding errors of probabilities, which sum to 1. 4 * 2**-52 / ROUNDING. */
    #define THERMONUCLEUS_STRAIGHT (4.0 * 0x1p-52 / THERMONUCLEUS_ROUNDING)
    """
    const double STRAIGHT "THERMONUCLEUS_STRAIGHT"

# A walk down the sorted tokens.
cdef struct Bends:
    double before       # the weights of the last two
    double last
    float before_logit
    float last_logit
    Py_ssize_t rank     # how many tokens so far
    double sum          # of their bends


cdef inline void tfs(Row* row, double z, Scratch* scratch) noexcept nogil:
    cdef Bends all
    cdef Moments moments
    cdef Py_ssize_t count
    cdef float low
    settle(row, True, scratch)
    count = count_kept(row)
    if count <= 2:
        return
    if not tfs_of_head(row, z, count, scratch, &low):
        walk(row, INFINITY, scratch, &all)
        moments = moments_of(row, MASS)
        low = second_least(row)
        if all.sum >= STRAIGHT * mass_of(&moments) and walk(row, (z + ROUNDING) * all.sum, scratch, &all):
            low = all.before_logit
    cut_below(row, low)


cdef inline bint tfs_of_head(Row* row, double z, Py_ssize_t count, Scratch* scratch, float* low) noexcept nogil:
    """The cutoff, if the first tokens tell, whatever the bends of the others come to."""
    cdef Descent descent
    cdef Bends bends, least, most
    cdef Py_ssize_t wanted = FIRST_BLOCK
    cdef double rest
    while wanted <= BLOCK:
        descent = descend_from(row, scratch)
        if not next_block(&descent, wanted) or descent.repeats > 0:
            return False
        bends = least = most = no_bends()
        bend_block(row, &descent, INFINITY, &bends)
        rest = 0.0 if descent.done >= count else bends.before + bends.last
        # Z is at most the number of tokens.
        if bends.sum >= STRAIGHT * count:
            bend_block(row, &descent, (z + ROUNDING) * bends.sum, &least)
            if bend_block(row, &descent, (z + ROUNDING) * (bends.sum + rest), &most):
                low[0] = most.before_logit
                if least.before_logit == most.before_logit:
                    return True
            elif descent.done >= count:
                low[0] = second_least(row)
                return True
        if descent.done >= count:
            return False
        wanted *= 8
    return False


cdef inline bint walk(Row* row, double bound, Scratch* scratch, Bends* bends) noexcept nogil:
    """Walk down all tokens until their bends exceed the bound; False if they never do."""
    cdef Descent descent = descend_from(row, scratch)
    bends[0] = no_bends()
    while next_block(&descent, BLOCK):
        if bend_block(row, &descent, bound, bends):
            return True
    return False


cdef inline bint bend_block(const Row* row, const Descent* descent, double bound, Bends* bends) noexcept nogil:
    """Walk down a block until the bends exceed the bound: `before_logit` is then the cutoff. False if they do not."""
    cdef Scale scale = from_largest(row)
    cdef Py_ssize_t i, _i
    for i in range(descent.count):
        if add_bend(bends, descent.values[i], &scale, bound):
            return True
    # Two more are enough: the others are in line with them.
    for _i in range(min(descent.repeats, 2)):
        if add_bend(bends, descent.values[descent.count - 1], &scale, bound):
            return True
    return False


cdef inline Bends no_bends() noexcept nogil:
    return Bends(0.0, 0.0, 0.0, 0.0, 0, 0.0)


cdef inline bint add_bend(Bends* bends, float x, const Scale* scale, double bound) noexcept nogil:
    cdef double w = precise_weight(x, scale) * 2.0**-64
    if bends.rank >= 2:
        bends.sum += fabs((bends.before - bends.last) - (bends.last - w))
        if bends.sum > bound:
            return True
    bends.before = bends.last
    bends.before_logit = bends.last_logit
    bends.last = w
    bends.last_logit = x
    bends.rank += 1
    return False


cdef inline float second_least(const Row* row) noexcept nogil:
    """The least logit that is kept but for one token: the cutoff where only the last token is cut."""
    cdef float least = least_from(row, finite_kept(row).low)
    return least if count_inside(row, least, next_up(least)) > 1 else least_from(row, next_up(least))
