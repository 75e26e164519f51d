"""What a room relies on, checked in builds with THERMONUCLEUS_DEBUG and nowhere else.

A check that fails ends the process. All of them hold for a row that stays as it is during the call; where another thread writes to
the row, they may fail, and what keeps such a row from doing harm are the bounds of the loops themselves.
"""

cdef extern from *:
    r"""
    #ifdef THERMONUCLEUS_DEBUG
    #include <stdio.h>
    #include <stdlib.h>
    #define THERMONUCLEUS_CHECK(holds)                                                                      \
        do {                                                                                                \
            if (!(holds)) {                                                                                 \
                fprintf(stderr, "%s, line %d: this does not hold: %s\n", __FILE__, __LINE__, #holds);       \
                abort();                                                                                    \
            }                                                                                               \
        } while (0)
    #else
    #define THERMONUCLEUS_CHECK(holds) ((void) 0)
    #endif
    """
    void CHECK "THERMONUCLEUS_CHECK" (bint holds) noexcept nogil
