"""The probability of one token, for what follows the draws: among those that are kept, before adaptive-p weighs them."""

from thermonucleus.kernel.row.source cimport logit_at
from thermonucleus.kernel.row.types cimport UNDECIDED, Reading
from thermonucleus.kernel.weights.double cimport precise_weight


cdef inline double probability_of(const Reading* reading, Py_ssize_t token) noexcept nogil:
    cdef float x
    if reading.greedy != UNDECIDED:
        return 1.0 if token == reading.greedy else 0.0
    x = logit_at(&reading.source, token)
    return precise_weight(x, &reading.scale) / reading.mass if reading.kept.low <= x < reading.kept.high else 0.0
