"""Temperature: what the logits are divided by; 0 leaves the most probable token, the first of equal ones."""

from thermonucleus.kernel.row.summary cimport first_at
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.weights.single cimport scale_for


cdef inline void temperature(Row* row, double t) noexcept nogil:
    row.heat *= t
    if t == 0.0:
        row.greedy = first_at(row, row.maximum)
    else:
        row.scale = scale_for(row.maximum, row.heat)
