"""The rooms in their order. Pointers in, status out: this module is built once for each instruction level."""

from libc.math cimport INFINITY

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.draw.adaptive cimport sum_adaptive
from thermonucleus.kernel.draw.fill cimport fill
from thermonucleus.kernel.draw.probability cimport probability_of
from thermonucleus.kernel.draw.rough cimport know_mass, sum_roughly
from thermonucleus.kernel.draw.running_sums cimport finish, sum_chunks, weigh_row
from thermonucleus.kernel.draw.token cimport draw
from thermonucleus.kernel.float_mode cimport Mode, enter_usual_mode, leave_usual_mode
from thermonucleus.kernel.row.memory cimport Scratch, carve
from thermonucleus.kernel.row.source cimport chunk_count, part_of, source_of
from thermonucleus.kernel.row.summary cimport summarize
from thermonucleus.kernel.row.types cimport ABSENT, BRIEF, NOTHING, SHORT, UNDECIDED, UNSURVEYED, Interval, Plan, Reading, Row
from thermonucleus.kernel.stages.apply cimport apply, heat_alone, heat_when_weighed
from thermonucleus.kernel.weights.approximate cimport approximations_hold, roughness
from thermonucleus.kernel.weights.survey cimport survey, weigh_roughly


cdef api bint read_row(
    const float* row, Py_ssize_t size, const Plan* plan, void* memory, Reading* reading, double* running, float* weights
) noexcept nogil:
    """Find out what a draw needs to know of a row. False if it cannot be sampled from, or is no longer what it was: see `read`."""
    cdef Mode mode = enter_usual_mode()
    cdef bint sound = read(row, size, plan, memory, reading, running, weights)
    leave_usual_mode(mode)
    return sound


cdef api Py_ssize_t draw_token(Reading* reading, double u) noexcept nogil:
    """The token that u falls on; -1 if the row has changed, and has none."""
    cdef Mode mode = enter_usual_mode()
    cdef Py_ssize_t token = draw(reading, u)
    leave_usual_mode(mode)
    return token


cdef api void fill_row(Reading* reading, float* out) noexcept nogil:
    """The probability of every token; `out` is where `read_row` left the weights, if it did."""
    cdef Mode mode = enter_usual_mode()
    know_mass(reading)
    fill(reading, out)
    leave_usual_mode(mode)


cdef api double token_probability(Reading* reading, Py_ssize_t token) noexcept nogil:
    """The probability of a token among those that are kept."""
    cdef Mode mode = enter_usual_mode()
    cdef double p
    know_mass(reading)
    p = probability_of(reading, token)
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
    reading.running = running
    reading.rough = 0.0
    reading.mass = 0.0
    reading.sweeps = 0
    reading.weighed = False
    if not plan.filling and read_temperatures(row, size, plan, reading):
        return True
    if not begin(&way, row, size, plan, &scratch):
        return False
    apply(&way, plan, &scratch)
    reading.source = way.source
    reading.greedy = way.greedy
    if way.greedy != UNDECIDED:
        return way.greedy >= 0
    reading.scale = way.scale
    reading.kept = way.kept
    reading.target = way.target
    reading.sweeps = way.sweeps
    if way.target == ABSENT and way.ids == NULL and weights != NULL:
        reading.weighed = True
        finish(reading, weigh_row(&way, &reading.scale, &reading.kept, running, weights))
    elif not plan.filling and size > BRIEF and way.target == ABSENT and way.ids == NULL and way.sums_cover == NOTHING and (
        approximations_hold(&way.scale, size)
    ):
        sum_roughly(&way, reading)
    else:
        finish(reading, sum_chunks(&way, &reading.scale, &reading.kept, chunk_count(size), running))
    if reading.target != ABSENT:
        sum_adaptive(&way, reading, running)
    CHECK(reading.rough > 0.0 or (reading.mass > 0.0 and reading.kept.low <= way.maximum < reading.kept.high))
    return True


cdef inline bint read_temperatures(const float* values, Py_ssize_t size, const Plan* plan, Reading* reading) noexcept nogil:
    """Read a long row from which nothing is cut. False, and nothing is known, if that is not so, or cannot be done."""
    cdef Row row
    cdef double heat = heat_alone(plan)
    row.source = source_of(values, size)
    if size <= BRIEF or heat == 0.0 or not weigh_roughly(&row, heat, reading.running):
        return False
    reading.source = row.source
    reading.scale = row.scale
    reading.kept = Interval(-INFINITY, INFINITY)
    reading.rough = roughness(&reading.scale)
    reading.target = ABSENT
    reading.greedy = UNDECIDED
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
    row.sweeps = 0
    row.kept = Interval(-INFINITY, INFINITY)
    row.settled = True
    row.target = ABSENT
    row.greedy = UNDECIDED
    row.heat = 1.0
    row.survey.mass = -1.0
    return (size > UNSURVEYED and heat > 0.0 and survey(row, heat)) or summarize(row, &row.maximum)
