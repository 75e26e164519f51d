"""The steps of a plan in their order, each applied to what the one before left: the list of the stages.

A truncation narrows the interval of logits that is kept. Equal logits share one fate, and no stage cuts everything.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport (
    ADAPTIVE_P,
    DYNAMIC_TEMPERATURE,
    EPSILON_CUTOFF,
    ETA_CUTOFF,
    MIN_K,
    MIN_P,
    MIROSTAT_1,
    MIROSTAT_2,
    NOTHING,
    NO_STAGE,
    P_LESS,
    P_LESS_NORM,
    SMOOTHING,
    TEMPERATURE,
    TFS,
    TOP_A,
    TOP_H,
    TOP_K,
    TOP_N_SIGMA,
    TOP_P,
    TYPICAL_P,
    UNDECIDED,
    XTC,
    Plan,
    Row,
    Step,
)
from thermonucleus.kernel.stages.cut cimport copy_kept, ratio_cutoff
from thermonucleus.kernel.stages.dynamic_temperature cimport dynamic_temperature
from thermonucleus.kernel.stages.epsilon_cutoff cimport epsilon_bits
from thermonucleus.kernel.stages.eta_cutoff cimport eta_bits
from thermonucleus.kernel.stages.min_k cimport min_k
from thermonucleus.kernel.stages.min_p cimport min_p
from thermonucleus.kernel.stages.mirostat cimport mirostat_1, mirostat_2_bits
from thermonucleus.kernel.stages.moments cimport BITS, MASS, SQUARES, cut_by_moments
from thermonucleus.kernel.stages.p_less cimport p_less_bits, p_less_norm_bits
from thermonucleus.kernel.stages.smoothing cimport smoothing
from thermonucleus.kernel.stages.temperature cimport temperature
from thermonucleus.kernel.stages.tfs cimport tfs
from thermonucleus.kernel.stages.top_a cimport top_a_bits
from thermonucleus.kernel.stages.top_h cimport top_h
from thermonucleus.kernel.stages.top_k cimport top_k
from thermonucleus.kernel.stages.top_n_sigma cimport top_n_sigma
from thermonucleus.kernel.stages.top_p cimport top_p
from thermonucleus.kernel.stages.typical_p cimport typical_p
from thermonucleus.kernel.stages.xtc cimport is_excluding, xtc
from thermonucleus.kernel.weights.single cimport scale_for


cdef inline void apply(Row* row, const Plan* plan, Scratch* scratch) noexcept nogil:
    """Take a row that has been summarized through the steps, and copy out what is kept if it is few."""
    cdef Py_ssize_t i
    cdef const Step* step
    cdef const Step* following
    cdef float least
    if plan.count == 0 or plan.steps[0].stage != TEMPERATURE:
        row.scale = scale_for(row.maximum, row.heat)
    for i in range(plan.count):
        if row.greedy != UNDECIDED:
            return
        step = plan.steps + i
        following = step_from(plan, i + 1)
        if step.stage == TEMPERATURE:
            temperature(row, step.numbers[0])
        elif step.stage == TOP_K:
            top_k(row, step.numbers[0], scratch)
        elif step.stage == TOP_P:
            # Min-p does not depend on what top-p leaves, so what it cuts need not be searched.
            least = -INFINITY
            if following != NULL and following.stage == MIN_P:
                least = ratio_cutoff(row, following.numbers[0])
                following = step_from(plan, following - plan.steps + 1)
            top_p(row, step.numbers[0], least, following == NULL, scratch)
        elif step.stage == MIN_P:
            min_p(row, step.numbers[0])
        elif step.stage != NO_STAGE:
            apply_further(row, step, plan.excluding, scratch)
    if row.sums_cover == NOTHING:
        copy_kept(row, False, scratch)


cdef inline double heat_when_weighed(const Plan* plan) noexcept nogil:
    """What the logits are divided by when the first stage weighs all tokens in a way that a survey helps; 0 if it does not."""
    cdef double heat
    cdef const Step* step = behind_temperatures(plan, &heat)
    return heat if step != NULL and weighs(step, plan.excluding) else 0.0


cdef inline double heat_alone(const Plan* plan) noexcept nogil:
    """What the logits are divided by, if no other stage does anything; else 0."""
    cdef double heat
    return heat if behind_temperatures(plan, &heat) == NULL else 0.0


cdef inline const Step* behind_temperatures(const Plan* plan, double* heat) noexcept nogil:
    """The first step that does something else, NULL if there is none; and what the logits are divided by before it."""
    cdef const Step* step = step_from(plan, 0)
    heat[0] = 1.0
    while step != NULL and step.stage == TEMPERATURE:
        heat[0] *= step.numbers[0]
        step = step_from(plan, step - plan.steps + 1)
    return step


cdef inline bint weighs(const Step* step, bint excluding) noexcept nogil:
    cdef int stage = <int> step.stage
    return (
        stage == TOP_P or stage == EPSILON_CUTOFF or stage == TOP_A or stage == P_LESS or stage == P_LESS_NORM
        or stage == MIROSTAT_2 or (stage == XTC and is_excluding(step.numbers[0], step.numbers[1], excluding))
    )


cdef inline const Step* step_from(const Plan* plan, Py_ssize_t i) noexcept nogil:
    """The next step that does something; NULL if there is none."""
    while i < plan.count and plan.steps[i].stage == NO_STAGE:
        i += 1
    return plan.steps + i if i < plan.count else NULL


cdef inline void apply_further(Row* row, const Step* step, bint excluding, Scratch* scratch) noexcept nogil:
    """One of the stages that know nothing of the step after them."""
    cdef int stage = <int> step.stage
    cdef const double* numbers = step.numbers
    if stage == DYNAMIC_TEMPERATURE:
        dynamic_temperature(row, numbers[0], numbers[1], numbers[2], scratch)
    elif stage == SMOOTHING:
        smoothing(row, numbers[0], numbers[1], scratch)
    elif stage == EPSILON_CUTOFF:
        cut_by_moments(row, epsilon_bits, MASS, numbers[0], scratch)
    elif stage == ETA_CUTOFF:
        cut_by_moments(row, eta_bits, BITS, numbers[0], scratch)
    elif stage == TOP_A:
        cut_by_moments(row, top_a_bits, MASS, numbers[0], scratch)
    elif stage == TOP_N_SIGMA:
        top_n_sigma(row, numbers[0], scratch)
    elif stage == P_LESS:
        cut_by_moments(row, p_less_bits, SQUARES, numbers[0], scratch)
    elif stage == P_LESS_NORM:
        cut_by_moments(row, p_less_norm_bits, SQUARES, numbers[0], scratch)
    elif stage == TOP_H:
        top_h(row, numbers[0], scratch)
    elif stage == TFS:
        tfs(row, numbers[0], scratch)
    elif stage == MIN_K:
        min_k(row, numbers[0], scratch)
    elif stage == TYPICAL_P:
        typical_p(row, numbers[0], scratch)
    elif stage == XTC:
        xtc(row, numbers[0], numbers[1], excluding, scratch)
    elif stage == MIROSTAT_1:
        mirostat_1(row, numbers[0], numbers[1], scratch)
    elif stage == MIROSTAT_2:
        cut_by_moments(row, mirostat_2_bits, MASS, numbers[0], scratch)
    elif stage == ADAPTIVE_P:
        row.target = numbers[0]
