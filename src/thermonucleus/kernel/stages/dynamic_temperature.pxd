"""Dynamic temperature: from low to high, the higher the entropy is beside that of as many equal tokens."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport count_kept
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.stages.cut cimport settle
from thermonucleus.kernel.stages.moments cimport BITS, Moments, entropy_of, moments_of
from thermonucleus.kernel.stages.temperature cimport temperature
from thermonucleus.kernel.weights.double cimport precise_exp2, precise_log2


cdef inline void dynamic_temperature(Row* row, double low, double high, double exponent, Scratch* scratch) noexcept nogil:
    """low + (high - low) (H / log n)**exponent. A single token has no use for a temperature."""
    cdef Moments moments
    cdef Py_ssize_t count
    cdef double share, power
    settle(row, False, scratch)
    count = count_kept(row)
    if count > 1:
        moments = moments_of(row, BITS)
        share = min(entropy_of(&moments) / precise_log2(count), 1.0)
        if share > 0.0:
            power = precise_exp2(exponent * precise_log2(share))
        else:
            power = 1.0 if exponent == 0.0 else 0.0
        temperature(row, low + (high - low) * power)
