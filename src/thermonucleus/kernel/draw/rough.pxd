"""Rough running sums, and the draws that they decide.

Let Z be the mass of what is kept, A that of the tokens before some token, u the number that a draw is given. The token is the first
one behind which A - u Z > 0. Rough sums are off by a small part of themselves at most, `rough`, and so are the differences between
the weights of a chunk's tokens, which the draw walks along, and what the sum of that chunk has of them. With B the chunks before, C
the tokens walked along, and R the others, A - u Z = (1 - u) B + C - u (C + R) is then off by rough ((1 - u) B + C + u R) at most. A
token behind whose start and end the difference is further from 0 than that is the same by any sums. That leaves next to none but
the lightest tokens in doubt, and for these the row is read once more. So a draw is the same as by sums in float32, which take twice
as long.
"""

from libc.math cimport fabs

from thermonucleus.kernel.draw.running_sums cimport finish, first_above
from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, part_of, whole_chunk
from thermonucleus.kernel.row.types cimport CHUNK, UNDECIDED, Reading, Row
from thermonucleus.kernel.weights.approximate cimport fine_mass, roughness
from thermonucleus.kernel.weights.chunk_sums cimport kept_mass
from thermonucleus.kernel.weights.double cimport logit_of, precise_weight
from thermonucleus.kernel.weights.single cimport chunk_weights


cdef inline void sum_roughly(const Row* row, Reading* reading) noexcept nogil:
    """Running sums of what is kept of a row that is not copied.

    A chunk is left out where all of its tokens together weigh less than 2**-24 of the largest one in all chunks that may be.
    """
    cdef float spare[CHUNK]
    cdef double total = 0.0
    cdef double negligible = precise_weight(row.maximum, &reading.scale) * 2.0**-24 / row.size
    cdef float low = max(reading.kept.low, <float> logit_of(negligible, &reading.scale))
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] >= low:
            total += fine_mass(whole_chunk(&row.source, chunk, spare), &reading.scale, &reading.kept)
        reading.running[chunk] = total
    reading.rough = roughness(&reading.scale) + 2.0**-23


cdef inline void sum_exactly(Reading* reading) noexcept nogil:
    """The same sums in float32 in their place, as `sum_chunks` has them."""
    finish(reading, add_chunks(reading, reading.running))
    reading.rough = 0.0


cdef inline void know_mass(Reading* reading) noexcept nogil:
    """Have the mass of what is kept be known, and what follows from it; nothing is written but to the reading."""
    if reading.greedy == UNDECIDED and reading.mass == 0.0:
        finish(reading, add_chunks(reading, NULL))


cdef inline double add_chunks(const Reading* reading, double* running) noexcept nogil:
    """The mass of what is kept, in float32; unless it is NULL, `running` gets the sums up to each chunk."""
    cdef float spare[CHUNK]
    cdef double total = 0.0
    cdef Py_ssize_t chunk
    for chunk in range(chunk_count(reading.source.size)):
        total += kept_mass(whole_chunk(&reading.source, chunk, spare), &reading.scale, &reading.kept, NULL)
        if running != NULL:
            running[chunk] = total
    return total


cdef inline Py_ssize_t draw_roughly(const Reading* reading, double u) noexcept nogil:
    """The token for u; -1 if that is in doubt."""
    cdef float w[CHUNK]
    cdef float spare[CHUNK]
    cdef const float* x
    cdef Py_ssize_t chunks = chunk_count(reading.source.size), chunk, i, n
    cdef double all = reading.running[chunks - 1], start, before, walked = 0.0
    chunk = first_above(reading.running, chunks, u * all)
    start = reading.running[chunk - 1] if chunk > 0 else 0.0
    n = chunk_length(reading.source.size, chunk)
    x = part_of(&reading.source, chunk * CHUNK, n, spare)
    chunk_weights(x, n, &reading.scale, w)
    for i in range(n):
        if reading.kept.low <= x[i] < reading.kept.high:
            before = walked
            walked += w[i]
            if start + walked > u * all:
                if is_certain(reading, start, before, u) and is_certain(reading, start, walked, u):
                    return chunk * CHUNK + i
                return -1
    return -1


cdef inline bint is_certain(const Reading* reading, double start, double walked, double u) noexcept nogil:
    """Whether A - u Z is certainly on the side of 0 where it seems to be."""
    cdef double all = reading.running[chunk_count(reading.source.size) - 1]
    # R is known no better than C + R: a thousandth is more than that makes of the bound. 1e-12 is more than rounding is off.
    cdef double error = 1.001 * reading.rough * ((1.0 - u) * start + walked + u * fabs(all - start - walked)) + 1e-12 * all
    return fabs(start + walked - u * all) > error
