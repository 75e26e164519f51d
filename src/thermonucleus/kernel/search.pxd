"""A search in a long row: for the largest logit at which what lies at or above it reaches a fraction of all.

What lies above is counted (top-k) or weighed (top-p). The answer is kept in a bracket, low <= answer < high.
"""

from thermonucleus.kernel.row cimport Scale, Scratch, View

# How the tokens are weighed: each level is dearer than the one before, and makes smaller errors.
cdef enum:
    ROUGH, SINGLE, DOUBLE

cdef extern from *:
    """
    /* Relative error of a sum of weights at each level: of the weights themselves (see exp2.pxd), and of adding them up. */
    static const double thermonucleus_error[] = {1.2e-4, 4e-7, 0.0};
    """
    const double[3] ERROR "thermonucleus_error"

cdef struct Search:
    const View* row
    const Scale* scale      # NULL: tokens are counted, else weighed
    Scratch* scratch
    double fraction
    float floor             # all there is to search are the tokens at or above it
    float ceiling           # above all tokens
    int level
    float low
    float high
    double below            # what lies below low
    double above            # what lies at or above high
    double total
    Py_ssize_t taken        # the number of tokens in the bracket if they are in the scratch, else -1
    float summed            # scratch.sums holds what lies at or above this, if it is no NaN
    Py_ssize_t sampled      # logits in scratch.sample


cdef inline void start(
    Search* search, const View* row, const Scale* scale, double fraction, float floor, float ceiling, Scratch* scratch
) noexcept nogil:
    search.row = row
    search.scale = scale
    search.scratch = scratch
    search.fraction = fraction
    search.low = search.floor = floor
    search.high = search.ceiling = ceiling
    search.below = search.above = search.total = 0.0
    search.taken = -1
    search.summed = ceiling
    search.sampled = 0


cdef inline double error_of(const Search* search, double above, double below) noexcept nogil:
    """How far `lead` may be off. Errors are relative to what was added up, so they shrink as the fraction nears 0 or 1."""
    if search.scale == NULL:
        return 0.0
    return ERROR[search.level] * ((1.0 - search.fraction) * above + search.fraction * below)


cdef inline double lead(const Search* search, double above, double below) noexcept nogil:
    """0 or more if what lies above reaches the fraction of all."""
    return (1.0 - search.fraction) * above - search.fraction * below
