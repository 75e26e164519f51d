"""The rooms in their order. Pointers in, status out: this module is built once for each instruction level."""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.draw.adaptive cimport sum_adaptive
from thermonucleus.kernel.draw.fill cimport fill
from thermonucleus.kernel.draw.probability cimport probability_of
from thermonucleus.kernel.draw.running_sums cimport sum_chunks, weigh_row
from thermonucleus.kernel.draw.token cimport draw
from thermonucleus.kernel.float_mode cimport Mode, enter_usual_mode, leave_usual_mode
from thermonucleus.kernel.row.memory cimport Scratch, carve
from thermonucleus.kernel.row.source cimport chunk_count, part_of, source_of
from thermonucleus.kernel.row.summary cimport summarize
from thermonucleus.kernel.row.types cimport ABSENT, BRIEF, NOTHING, SHORT, UNDECIDED, Interval, Plan, Reading, Row
from thermonucleus.kernel.stages.apply cimport apply, heat_when_weighed
from thermonucleus.kernel.weights.double cimport logit_of
from thermonucleus.kernel.weights.survey cimport survey

cdef extern from *:
    """
    /* 2**-151: half of a half of float32's smallest number, lest rounding loses a probability that would round to it. */
    #define THERMONUCLEUS_SMALLEST 3.503246160812043e-46
    """
    const double SMALLEST "THERMONUCLEUS_SMALLEST"


cdef api bint read_row(
    const float* row, Py_ssize_t size, const Plan* plan, void* memory, Reading* reading, double* running, float* weights
) noexcept nogil:
    """Find out what a draw needs to know of a row. False if it cannot be sampled from, or is no longer what it was: see `read`."""
    cdef Mode mode = enter_usual_mode()
    cdef bint sound = read(row, size, plan, memory, reading, running, weights)
    leave_usual_mode(mode)
    return sound


cdef api Py_ssize_t draw_token(const Reading* reading, const double* running, double u) noexcept nogil:
    """The token that u falls on; -1 if the row has changed, and has none."""
    cdef Mode mode = enter_usual_mode()
    cdef Py_ssize_t token = draw(reading, running, u)
    leave_usual_mode(mode)
    return token


cdef api void fill_row(const Reading* reading, float* out) noexcept nogil:
    """The probability of every token; `out` is where `read_row` left the weights, if it did."""
    cdef Mode mode = enter_usual_mode()
    fill(reading, out)
    leave_usual_mode(mode)


cdef api double token_probability(const Reading* reading, Py_ssize_t token) noexcept nogil:
    """The probability of a token among those that are kept."""
    cdef Mode mode = enter_usual_mode()
    cdef double p = probability_of(reading, token)
    leave_usual_mode(mode)
    return p


cdef bint read(
    const float* row, Py_ssize_t size, const Plan* plan, void* memory, Reading* reading, double* running, float* weights
) noexcept nogil:
    """Summary and truncations. False if the row cannot be sampled from (NaN, +inf, nothing but -inf), or is no longer what it was.

    The row is read several times. Whatever another thread writes to it meanwhile, no index and no number of tokens that is used to
    write or to read somewhere else is taken from it unchecked; but what is read from it then means nothing.

    The kept weights are left in `weights`, for `fill_row` to make probabilities of, where the row is weighed anyway; NULL if
    probabilities are not what is wanted.
    """
    cdef Scratch scratch = carve(memory, size, running)
    cdef Row way
    cdef double mass
    if not begin(&way, row, size, plan, &scratch):
        return False
    apply(&way, plan, &scratch)
    reading.source = way.source
    reading.weighed = False
    reading.greedy = way.greedy
    if way.greedy != UNDECIDED:
        return way.greedy >= 0
    reading.scale = way.scale
    reading.kept = way.kept
    reading.target = way.target
    reading.weighed = weights != NULL and way.ids == NULL and way.target == ABSENT
    if reading.weighed:
        mass = weigh_row(&way, &reading.scale, &reading.kept, running, weights)
    else:
        mass = sum_chunks(&way, &reading.scale, &reading.kept, chunk_count(size), running)
    CHECK(mass > 0.0 and reading.kept.low <= way.maximum < reading.kept.high)
    reading.mass = mass
    reading.inverse_mass = <float> (1.0 / mass)
    if reading.target != ABSENT:
        # Adaptive-p gives tokens of probability 0 a weight as well, but not those at -inf.
        reading.kept.low = max(reading.kept.low, <float> -FLT_MAX)
        sum_adaptive(&way, reading, running)
    else:
        # What is below float32's smallest number is not kept either: probability 0, never drawn.
        reading.kept.low = max(reading.kept.low, <float> logit_of(mass * SMALLEST, &reading.scale))
    return True


cdef inline bint begin(Row* row, const float* values, Py_ssize_t size, const Plan* plan, Scratch* scratch) noexcept nogil:
    """A row before the first step: summarized or surveyed, and all of it kept. False if it cannot be sampled from."""
    cdef double heat = heat_when_weighed(plan)
    row.source = source_of(values, size)
    row.values = part_of(&row.source, 0, size, NULL) if size <= SHORT else NULL
    row.size = size
    row.ids = NULL
    row.groups = scratch.groups
    row.maxima = scratch.maxima
    row.sums_cover = NOTHING
    row.kept = Interval(-INFINITY, INFINITY)
    row.settled = True
    row.target = ABSENT
    row.greedy = UNDECIDED
    row.heat = 1.0
    row.survey.mass = -1.0
    return (size > BRIEF and heat > 0.0 and survey(row, heat)) or summarize(row, &row.maximum)
