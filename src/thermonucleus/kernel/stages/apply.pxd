"""The steps of a plan in their order, each applied to what the one before left: the list of the stages.

A truncation narrows the interval of logits that is kept. Equal logits share one fate, and no stage cuts everything.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport MIN_P, NOTHING, NO_STAGE, TEMPERATURE, TOP_K, TOP_P, UNDECIDED, Plan, Row, Step
from thermonucleus.kernel.stages.cut cimport ratio_cutoff, settle
from thermonucleus.kernel.stages.min_p cimport min_p
from thermonucleus.kernel.stages.temperature cimport temperature
from thermonucleus.kernel.stages.top_k cimport top_k
from thermonucleus.kernel.stages.top_p cimport top_p


cdef inline void apply(Row* row, const Plan* plan, Scratch* scratch) noexcept nogil:
    """Take a row that has been summarized through the steps, and copy out what is kept if it is few."""
    cdef Py_ssize_t i
    cdef const Step* step
    cdef const Step* following
    cdef float least
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
    if row.sums_cover == NOTHING:
        settle(row, scratch)


cdef inline const Step* step_from(const Plan* plan, Py_ssize_t i) noexcept nogil:
    """The next step that does something; NULL if there is none."""
    while i < plan.count and plan.steps[i].stage == NO_STAGE:
        i += 1
    return plan.steps + i if i < plan.count else NULL
