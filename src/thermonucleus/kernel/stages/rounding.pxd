"""By how little a threshold may be missed."""

cdef extern from *:
    """
    /* A sum that falls short of its threshold by less than this, or a probability by this part of it, has reached it. */
    #define THERMONUCLEUS_ROUNDING 1e-6
    /* Exact: -log2(1 - 1e-6). */
    #define THERMONUCLEUS_ROUNDING_BITS 1.442695762236965e-06
    """
    const double ROUNDING "THERMONUCLEUS_ROUNDING"
    const double ROUNDING_BITS "THERMONUCLEUS_ROUNDING_BITS"
