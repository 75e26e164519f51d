"""By how little a threshold may be missed."""

cdef extern from *:
    """
    /* A sum that falls short of top_p, or a probability that falls short of min_p * max, by less than this has reached it. */
    #define THERMONUCLEUS_ROUNDING 1e-6
    """
    const double ROUNDING "THERMONUCLEUS_ROUNDING"
