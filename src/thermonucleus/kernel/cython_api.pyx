"""The kernel for other compiled code, at the instruction level that was picked when this was imported."""

from libc.math cimport isfinite
from libc.string cimport memcpy

from thermonucleus.kernel.bridge cimport Kernel, draw_token_type, fill_row_type, read_row_type
from thermonucleus.kernel.draw.coin cimport coin_of, excludes, mix
from thermonucleus.kernel.row.memory cimport lone_bytes, scratch_behind
from thermonucleus.kernel.row.types cimport MIN_P, NO_STAGE, TEMPERATURE, TOP_K, TOP_P, Plan, Reading, Step

from thermonucleus.kernel.dispatch import active

cdef enum:
    MOST = 32       # steps of a plan: more than there are stages
    FOUR = 4

cdef Kernel kernel = active()
cdef read_row_type read_row = kernel.read_row
cdef draw_token_type draw_token = kernel.draw_token
cdef fill_row_type fill_row = kernel.fill_row


cdef size_t workspace_bytes(Py_ssize_t size) noexcept nogil:
    return lone_bytes(size) + size * sizeof(float)


cdef Py_ssize_t sample_planned(
    const float* row, Py_ssize_t size, const char* plan, double u, void* workspace
) noexcept nogil:
    cdef Step[MOST] steps
    cdef Plan given = plan_of(plan, steps)
    return sample(row, size, &given, u, workspace)


cdef int fill_planned(const float* row, Py_ssize_t size, const char* plan, float* out, void* workspace) noexcept nogil:
    cdef Step[MOST] steps
    cdef Plan given = plan_of(plan, steps)
    return fill(row, size, &given, out, workspace)


cdef Py_ssize_t sample_row(
    const float* row, Py_ssize_t size, double temperature, Py_ssize_t top_k, double top_p, double min_p, double u, void* workspace
) noexcept nogil:
    cdef Step[FOUR] steps
    cdef Plan plan = plan_from(steps, temperature, top_k, top_p, min_p)
    return sample(row, size, &plan, u, workspace)


cdef int fill_probabilities(
    const float* row, Py_ssize_t size, double temperature, Py_ssize_t top_k, double top_p, double min_p, float* out, void* workspace
) noexcept nogil:
    cdef Step[FOUR] steps
    cdef Plan plan = plan_from(steps, temperature, top_k, top_p, min_p)
    return fill(row, size, &plan, out, workspace)


cdef Plan plan_of(const char* given, Step* steps) noexcept nogil:
    """The steps of a plan's bytes, which need not be aligned. A stage below 0 stands at their end."""
    cdef Plan plan = Plan(steps, 0, False, False)
    while plan.count < MOST:
        memcpy(steps + plan.count, given + plan.count * sizeof(Step), sizeof(Step))
        if steps[plan.count].stage < 0:
            return plan
        plan.count += 1
    return Plan(steps, -1, False, False)


cdef Plan plan_from(Step* steps, double temperature, Py_ssize_t top_k, double top_p, double min_p) noexcept nogil:
    """The steps of four settings; -1 of them if a setting is out of range."""
    cdef Plan plan = Plan(steps, 0, False, False)
    if not (isfinite(temperature) and temperature >= 0.0 and top_k >= 0 and 0.0 <= top_p <= 1.0 and 0.0 <= min_p <= 1.0):
        return Plan(steps, -1, False, False)
    add_step(&plan, steps, TEMPERATURE if temperature != 1.0 else NO_STAGE, temperature)
    add_step(&plan, steps, TOP_K if top_k > 0 else NO_STAGE, top_k)
    add_step(&plan, steps, TOP_P if top_p < 1.0 else NO_STAGE, top_p)
    add_step(&plan, steps, MIN_P if min_p > 0.0 else NO_STAGE, min_p)
    return plan


cdef void add_step(Plan* plan, Step* steps, int stage, double number) noexcept nogil:
    steps[plan.count].stage = stage
    steps[plan.count].numbers[0] = number
    plan.count += 1


cdef Py_ssize_t sample(const float* row, Py_ssize_t size, const Plan* plan, double u, void* workspace) noexcept nogil:
    cdef Reading reading
    cdef Py_ssize_t token
    if not (0.0 <= u < 1.0):
        return BAD_ARGUMENT
    cdef Plan way = plan[0]
    cdef double coin = coin_of(plan)
    way.excluding = coin > 0.0 and excludes(coin, &u)
    cdef int status = read(row, size, &way, workspace, &reading, NULL)
    if status != SOUND:
        return status
    token = draw_token(&reading, u)
    return token if token >= 0 else CHANGED_ROW


cdef int fill(const float* row, Py_ssize_t size, const Plan* plan, float* out, void* workspace) noexcept nogil:
    cdef Reading reading
    cdef Plan way = plan[0]
    cdef double coin = coin_of(plan)
    cdef float* other = <float*> (<char*> workspace + lone_bytes(size))
    way.excluding = coin > 0.0
    way.filling = True
    cdef int status = read(row, size, &way, workspace, &reading, out)
    if status == SOUND:
        fill_row(&reading, out)
        if coin > 0.0:
            way.excluding = False
            status = read(row, size, &way, workspace, &reading, other)
            if status == SOUND:
                fill_row(&reading, other)
                mix(coin, out, other, size)
    return status


cdef int read(
    const float* row, Py_ssize_t size, const Plan* plan, void* workspace, Reading* reading, float* weights
) noexcept nogil:
    """Read a row. Its running sums are left at the start of the workspace."""
    cdef double* running = <double*> workspace
    if size < 1 or plan.count < 0:
        return BAD_ARGUMENT
    if not read_row(row, size, plan, scratch_behind(running, size), reading, running, weights):
        return BAD_ROW
    return SOUND
