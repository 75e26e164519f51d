"""A search in a long row: for the largest logit at which what lies at or above it reaches a fraction of all.

What lies above is counted (top-k) or weighed (top-p). The answer is kept in a bracket, low <= answer < high.
"""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Hint, Row, Scale
from thermonucleus.kernel.weights.chunk_sums cimport Sides

# How tokens are weighed: each level is dearer than the one before, and makes smaller errors.
cdef enum:
    CRUDE, FINE, SINGLE, DOUBLE

cdef extern from *:
    """
    /* By how much what a sum of weights stands for may be off it, as a part of the sum: all bounds, rounded up.

       CRUDE   What a sum S stands for lies between S / (0.9710423 * 1.061476) and S / 0.9710423, that is, within 0.029822 S (see
               `crude_mass`); 9.3e-5 for the rounding of weights and 1.23e-4 for adding (see approximate.pxd) make it 0.03005.
       FINE    5.5e-5 of a weight and 4.2e-7 of adding (see approximate.pxd): 5.6e-5.
       SINGLE  1.2e-7 of a weight (see `weight`) and 1.8e-7 of adding a chunk (see chunk_sums.pxd): 3.0e-7.
       DOUBLE  what is kept is by definition what float64 says.

       And the weight that may be left out, as a part of 2**63, which is less than the row's largest weight, 2**63.5 or more.
       Chosen: well below the error of a sum that matters. A chunk is left out where all of its tokens lie below
       `negligible_logit`; that bound may be rounded to a float, for no float lies between the two. */
    static const double thermonucleus_error[] = {0.0301, 6e-5, 3.2e-7, 0.0};
    static const double thermonucleus_left_out[] = {0x1p-20, 0x1p-22, 0x1p-29, 0.0};
    """
    const double[4] ERROR "thermonucleus_error"
    const double[4] LEFT_OUT "thermonucleus_left_out"

cdef struct Search:
    const Row* row
    const Scale* scale      # NULL: tokens are counted, else weighed
    Scratch* scratch
    double fraction
    float set_low           # all there is to search are the tokens at or above it
    float least             # where below it the answer lies does not matter
    float ceiling           # nothing lies at or above it
    float low
    float high
    double over_low         # what lies at or above low; -1 as long as that is not known
    double over_high        # what lies at or above high
    Hint hint               # of where the answer is
    int precision
    int sweeps              # how many there were
    float pivot             # of the last sweep
    Sides outside           # what it found
    double error            # by how much `excess` may be off for what it found
    double inside           # what was taken weighs
    Py_ssize_t taken        # tokens copied into the scratch: all those with taken_low <= x < taken_high; or -1
    float taken_low
    float taken_high
    bint on_top             # what was taken are a few tokens at the top, and the answer is among them
    float sums_from         # scratch.sums hold the weights of the tokens at or above it


cdef inline void start(
    Search* search, const Row* row, const Scale* scale, double fraction, float set_low, float ceiling, Scratch* scratch
) noexcept nogil:
    search.row = row
    search.scale = scale
    search.scratch = scratch
    search.fraction = fraction
    search.low = search.set_low = search.least = set_low
    search.high = search.ceiling = search.sums_from = ceiling
    search.over_low = -1.0
    search.over_high = 0.0
    search.hint.logit = search.hint.density = 0.0
    search.precision = SINGLE
    search.sweeps = 0
    search.taken = -1
    search.on_top = False


cdef inline double excess(const Search* search, const Sides* sides) noexcept nogil:
    """By how much what lies above exceeds the fraction of both."""
    return (1.0 - search.fraction) * sides.above - search.fraction * sides.below


cdef inline double error_of(const Search* search, const Sides* sides) noexcept nogil:
    """How far `excess` may be off. Errors are relative to what was added up, so they shrink as the fraction nears 0 or 1."""
    if search.scale == NULL:
        return 0.0
    # The largest weight is 2**63.5 or more.
    return (
        ERROR[search.precision] * ((1.0 - search.fraction) * sides.above + search.fraction * sides.below)
        + LEFT_OUT[search.precision] * 2.0**63
    )
