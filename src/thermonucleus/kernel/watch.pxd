"""A watch over long loops that have given up the GIL: Ctrl-C ends them within some 30 ms.

Python looks for signals only where it has the GIL, and to get it may take 5 ms where other threads want it too. So a loop looks at
a clock every few microseconds, and asks for the GIL only every PERIOD.
"""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <time.h>
    static CYTHON_INLINE int64_t thermonucleus_milliseconds(void) {
        struct timespec now;
        timespec_get(&now, TIME_UTC);
        return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
    }
    """
    int64_t milliseconds "thermonucleus_milliseconds"() noexcept nogil

cdef enum:
    # Chosen: with 5 ms for the GIL and the time of a row, a loop ends within 50 ms.
    PERIOD = 25
    # Logits between two looks at the clock, which takes some 50 ns: 5 us at the least.
    STRIDE = 65536

cdef struct Watch:
    Py_ssize_t work         # logits since the last look at the clock
    int64_t looked          # when signals were last looked for, in ms; 0: not yet


cdef inline void begin(Watch* watch) noexcept nogil:
    watch.work = 0
    watch.looked = 0


cdef inline int attend(Watch* watch, Py_ssize_t work) except -1 nogil:
    """Count work that is about to be done; raise what a signal raises, KeyboardInterrupt for one, if there was one."""
    cdef int64_t now
    watch.work += work
    if watch.work < STRIDE:
        return 0
    watch.work = 0
    now = milliseconds()
    if watch.looked == 0:
        watch.looked = now
    # A clock that was set back is no reason to wait for it.
    if 0 <= now - watch.looked < PERIOD:
        return 0
    watch.looked = now
    with gil:
        PyErr_CheckSignals()    # does nothing in a thread that is not the main one
    return 0
