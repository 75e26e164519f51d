"""A survey: the summary of a row, and in the same read what all of its tokens weigh together, to 3%.

Most of the mass of a row is in a few tokens, which a search weighs anew in float64. What the others come to need be known only so
well that no error of it changes the answer; and that most rows grant an error of 3%. So no second read of the row is needed there.

Weights are crude ones (see approximate.pxd), at the scale of a guess: the largest logit of the first chunk. It is a logit of the
row, so it is never above the largest one, and sums hold as long as that one weighs at most 2**HEADROOM times the guess. Where it is
more, the row has its maxima, and no survey.

The weights need no care for what a row may hold, since the keys tell. A key from 2 to 4 has 0 as its sign and 128 as its exponent:
a single bit of nine. Every other float but 0 has another bit of these: a smaller one an exponent below 128, which is made of lower
bits; a larger one, an infinity and NaN an exponent above it; a negative one its sign. So the bits of all keys, joined by `or`, say
whether each of them was in its range. A block of chunks where one was not, because of a token at -inf, say, is read again with
care, and so is the rest of the row.

A lane adds the tokens of BLOCK chunks: 16 sums of four, each with three additions, before it goes on in float64. So the sum is
within 19 * 2**-24 < SURVEYING of itself, apart from the error of the weights. That is a part of the whole sum, heavy tokens
included, and counts in full where the heavy ones are taken away.
"""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY, ldexp
from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from thermonucleus.kernel.row.source cimport chunk_count, chunk_length, part_of
from thermonucleus.kernel.row.summary cimport fill_maxima, is_sound, larger, largest, summarize_chunk, summarize_rest
from thermonucleus.kernel.row.types cimport BLOCK_CHUNKS, CHUNK, MANY, WAYS, Row, Scale, Survey
from thermonucleus.kernel.weights.approximate cimport (
    Crude,
    add_crude_below,
    approximations_hold,
    crude_key,
    crude_of,
    crude_weight,
    fine_weight,
    raised,
)
from thermonucleus.kernel.weights.chunk_sums cimport fold
from thermonucleus.kernel.weights.double cimport sum_lanes
from thermonucleus.kernel.weights.single cimport Single, scale_for

cdef extern from *:
    """
    /* By how much a surveyed mass may be off for being added up, as a part of itself: 19 * 2**-24, rounded up. */
    #define THERMONUCLEUS_SURVEYING 1.2e-6
    /* What the bits of a key's sign and exponent are. */
    #define THERMONUCLEUS_KEYS 0x40000000u
    #define THERMONUCLEUS_KEY_MASK 0xff800000u
    """
    const double SURVEYING "THERMONUCLEUS_SURVEYING"
    const uint32_t KEYS "THERMONUCLEUS_KEYS"
    const uint32_t KEY_MASK "THERMONUCLEUS_KEY_MASK"

cdef enum:
    # Exact: float32 goes on for 63 binades above the guess's, of which a lane's sum of 16 BLOCK_CHUNKS weights takes 6, and what
    # crude weights are too much, 1.
    HEADROOM = 56


cdef inline bint survey(Row* row, double heat) noexcept nogil:
    """Fill the maxima, and weigh all tokens at a temperature. False, and nothing is known, if that cannot be done."""
    cdef int sound[WAYS]
    cdef Py_ssize_t block, stop, way, chunks = chunk_count(row.source.size)
    cdef Scale scale
    cdef Crude crude
    cdef double mass = 0.0, weighed
    cdef bint careful = False
    cdef float guess = guess_largest(row)
    if not -INFINITY < guess < INFINITY:
        return False
    scale = scale_for(guess, heat)
    if not approximations_hold(&scale, row.source.size):
        return False
    crude = crude_of(&scale)
    for way in range(WAYS):
        sound[way] = 1
    for block in range(0, chunks, 4):
        stop = min(block + BLOCK_CHUNKS, chunks)
        if careful or not survey_block(row, &crude, block, stop, &weighed):
            careful = True
            weighed = survey_with_care(row, &scale, block, stop, sound)
        mass += weighed
    row.maximum = fill_maxima(row)
    row.survey = Survey(scale, heat, mass)
    scale = scale_for(row.maximum, heat)
    if scale.base != 0.0 or scale.exponent > row.survey.scale.exponent + HEADROOM:
        row.survey.mass = -1.0
    return is_sound(sound, row.maximum)


cdef inline float guess_largest(const Row* row) noexcept nogil:
    """The largest logit of the first chunk, but for NaN."""
    cdef float groups[WAYS]
    cdef float spare[CHUNK]
    cdef int sound[WAYS]
    cdef Py_ssize_t way, n = chunk_length(row.source.size, 0)
    for way in range(WAYS):
        sound[way] = 1
    summarize_rest(part_of(&row.source, 0, n, spare), n, groups, sound)
    return largest(groups)


cdef inline bint survey_block(
    Row* row, const Crude* crude, Py_ssize_t start, Py_ssize_t stop, double* mass
) noexcept nogil:
    """Survey some whole chunks. False if a key was out of range, or a chunk is not whole."""
    cdef float lanes[WAYS]
    cdef uint32_t bits[WAYS]
    cdef double wide[WAYS]
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk, way
    if chunk_length(row.source.size, stop - 1) < CHUNK:
        return False
    for way in range(WAYS):
        lanes[way] = 0.0
        bits[way] = 0
    for chunk in range(start, stop):
        survey_chunk(part_of(&row.source, chunk * CHUNK, CHUNK, spare), crude, row.groups + chunk * WAYS, lanes, bits)
    for way in range(WAYS):
        wide[way] = lanes[way]
    mass[0] = sum_lanes(wide)
    for way in range(1, 32):
        bits[0] |= bits[way]
    return bits[0] & KEY_MASK == KEYS


cdef inline void survey_chunk(const float* x, const Crude* crude, float* groups, float* lanes, uint32_t* bits) noexcept nogil:
    cdef Crude local = crude[0]
    cdef float highest[WAYS]
    cdef Py_ssize_t i, j
    cdef float a, b, c, d
    cdef Single ka, kb, kc, kd
    for j in range(WAYS):
        highest[j] = -INFINITY
    for i in range(0, 512, 128):
        for j in range(WAYS):
            a = x[i + j]
            b = x[i + j + 32]
            c = x[i + j + 64]
            d = x[i + j + 96]
            highest[j] = larger(larger(larger(a, b), larger(c, d)), highest[j])
            ka = crude_key(a, &local)
            kb = crude_key(b, &local)
            kc = crude_key(c, &local)
            kd = crude_key(d, &local)
            bits[j] |= (ka.bits | kb.bits) | (kc.bits | kd.bits)
            lanes[j] += (crude_weight(ka) + crude_weight(kb)) + (crude_weight(kc) + crude_weight(kd))
    memcpy(groups, highest, WAYS * sizeof(float))


cdef inline double survey_with_care(
    Row* row, const Scale* scale, Py_ssize_t start, Py_ssize_t stop, int* sound
) noexcept nogil:
    """Survey some chunks, whatever is in them."""
    cdef float lanes[MANY]
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk, i, n
    cdef const float* x
    for i in range(MANY):
        lanes[i] = 0.0
    for chunk in range(start, stop):
        n = chunk_length(row.source.size, chunk)
        x = part_of(&row.source, chunk * CHUNK, n, spare)
        if n == CHUNK:
            summarize_chunk(x, row.groups + chunk * WAYS, sound)
        else:
            summarize_rest(x, n, row.groups + chunk * WAYS, sound)
            for i in range(n):
                spare[i] = x[i]
            for i in range(n, CHUNK):
                spare[i] = INFINITY
            x = spare
        add_crude_below(x, scale, INFINITY, lanes)
    return fold(lanes)


cdef inline double mass_of_survey(const Row* row, const Scale* scale) noexcept nogil:
    """What the crude weights of all tokens come to, at a scale: 0.01% less than all weigh, at the least."""
    return row.survey.mass * ldexp(1.0, <int> (row.survey.scale.exponent - scale.exponent))


cdef inline double surveyed_without(
    const Row* row, const float* x, Py_ssize_t n, const Scale* scale, double* error
) noexcept nogil:
    """What the crude weights of all tokens but these come to, at a scale; and by how much that may be off for being added up."""
    cdef Crude crude = crude_of(&row.survey.scale)
    cdef double unit = ldexp(1.0, <int> (row.survey.scale.exponent - scale.exponent))
    cdef double lanes[WAYS]
    cdef Py_ssize_t i, j, whole = n - n % WAYS
    for j in range(WAYS):
        lanes[j] = 0.0
    for i in range(0, whole, 32):
        for j in range(WAYS):
            lanes[j] += crude_weight(crude_key(raised(x[i + j], &crude), &crude))
    for i in range(whole, n):
        lanes[i - whole] += crude_weight(crude_key(raised(x[i], &crude), &crude))
    error[0] = SURVEYING * mass_of_survey(row, scale)
    return max(row.survey.mass - sum_lanes(lanes), 0.0) * unit


cdef inline bint weigh_roughly(Row* row, double heat, double* running) noexcept nogil:
    """Find the largest logit, and running sums of fine weights over the chunks, in one read. False, and nothing is known, if that
    cannot be done."""
    cdef float highest[WAYS]
    cdef int sound[WAYS]
    cdef float spare[CHUNK]
    cdef Py_ssize_t chunk, way, size = row.source.size
    cdef Scale scale
    cdef double unit, total = 0.0
    cdef float guess = guess_largest(row)
    if not -INFINITY < guess < INFINITY:
        return False
    scale = scale_for(guess, heat)
    for way in range(WAYS):
        sound[way] = 1
        highest[way] = guess
    for chunk in range(chunk_count(size)):
        total += weigh_chunk_roughly(finite_chunk(row, chunk, spare), &scale, highest, sound)
        running[chunk] = total
    row.maximum = largest(highest)
    row.scale = scale_for(row.maximum, heat)
    if not (is_sound(sound, row.maximum) and approximations_hold(&scale, size) and approximations_hold(&row.scale, size)):
        return False
    if row.scale.exponent > scale.exponent + HEADROOM:
        return False
    # Exact: a power of two.
    unit = ldexp(1.0, <int> (scale.exponent - row.scale.exponent))
    for chunk in range(chunk_count(size)):
        running[chunk] *= unit
    return True


cdef inline const float* finite_chunk(const Row* row, Py_ssize_t chunk, float* spare) noexcept nogil:
    """CHUNK logits; the least float follows where there are fewer, which weighs nothing beside 2**-20 of the row."""
    cdef Py_ssize_t i, n = chunk_length(row.source.size, chunk)
    cdef const float* x = part_of(&row.source, chunk * CHUNK, n, spare)
    if n == CHUNK:
        return x
    for i in range(n):
        spare[i] = x[i]
    for i in range(n, CHUNK):
        spare[i] = <float> -FLT_MAX
    return spare


cdef inline double weigh_chunk_roughly(const float* x, const Scale* scale, float* highest, int* sound) noexcept nogil:
    cdef Scale local = scale[0]
    cdef float lanes[WAYS]
    cdef double wide[WAYS]
    cdef Py_ssize_t i, j
    cdef float a, b, c, d
    for j in range(WAYS):
        lanes[j] = 0.0
    for i in range(0, 512, 128):
        for j in range(WAYS):
            a = x[i + j]
            b = x[i + j + 32]
            c = x[i + j + 64]
            d = x[i + j + 96]
            sound[j] &= ((a == a) & (b == b)) & ((c == c) & (d == d))
            highest[j] = larger(larger(larger(a, b), larger(c, d)), highest[j])
            lanes[j] += (fine_weight(a, &local) + fine_weight(b, &local)) + (fine_weight(c, &local) + fine_weight(d, &local))
    for j in range(WAYS):
        wide[j] = lanes[j]
    return sum_lanes(wide)
