"""Mirostat: the tokens whose surprise stays below a bound that follows the draws (Basu et al. 2020)."""

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport count_kept
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.ordered cimport Descent, descend_from, next_block
from thermonucleus.kernel.stages.cut cimport settle
from thermonucleus.kernel.stages.moments cimport Moments, log2_mass
from thermonucleus.kernel.stages.top_k cimport top_k
from thermonucleus.kernel.weights.double cimport precise_exp2, precise_log2


cdef inline double mirostat_2_bits(const Moments* moments, double mu, Py_ssize_t size, double* gain) noexcept nogil:
    """log2 Z - t <= mu bits."""
    gain[0] = 1.0
    return log2_mass(moments) - max(mu, 0.0)


cdef inline void mirostat_1(Row* row, double mu, double m, Scratch* scratch) noexcept nogil:
    """As many of the most probable as have an expected surprise of mu bits under Zipf's law, fitted to the first m of them."""
    cdef Py_ssize_t count
    cdef double exponent
    settle(row, True, scratch)
    count = count_kept(row)
    if count > 1:
        exponent = zipf_exponent(row, min(<Py_ssize_t> m, count), scratch)
        if exponent > 0.0:
            # Where the most probable are equal, no law can be fitted, and everything stays.
            top_k(row, max(<double> <Py_ssize_t> min(zipf_count(exponent, mu, row.source.size), <double> count), 1.0), scratch)


cdef inline double zipf_exponent(Row* row, Py_ssize_t m, Scratch* scratch) noexcept nogil:
    """Least squares of the falls of t over those of log2 of the rank: the sum of a b over that of a**2."""
    cdef Descent descent = descend_from(row, scratch)
    cdef double a, products = 0.0, squares = 0.0
    cdef Py_ssize_t i, rank = 0
    cdef float before = row.maximum
    while rank < m and next_block(&descent, m):
        for i in range(descent.count):
            if rank > 0 and rank < m:
                a = precise_log2((rank + 1.0) / rank)
                products += a * (<double> before - descent.values[i]) * row.scale.slope
                squares += a * a
            before = descent.values[i]
            rank += 1
        while rank < m and descent.repeats > 0:
            # Equal to the last one: nothing falls.
            a = precise_log2((rank + 1.0) / rank)
            squares += a * a
            descent.repeats -= 1
            rank += 1
    return products / squares


cdef inline double zipf_count(double exponent, double mu, Py_ssize_t size) noexcept nogil:
    """(e 2**mu / (1 - V**-e))**(1 / s), with s the exponent and e = s - 1: not rounded."""
    cdef double e = exponent - 1.0
    cdef double y = e * precise_log2(size) * 0.6931471805599453
    # y / (1 - exp(-y)), by its series where the difference would lose digits: exact to 1e-16 there.
    cdef double quotient = 1.0 + y * (0.5 + y / 12.0) if -1e-4 < y < 1e-4 else y / (1.0 - precise_exp2(-y * 1.4426950408889634))
    return precise_exp2((precise_log2(quotient / (precise_log2(size) * 0.6931471805599453)) + mu) / exponent)
