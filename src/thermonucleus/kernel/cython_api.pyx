"""The kernel for other compiled code, at the instruction level that was picked when this was imported."""

from libc.math cimport isfinite
from libc.string cimport memcpy

from thermonucleus.kernel.bridge cimport Kernel, draw_token_type, fill_row_type, read_row_type
from thermonucleus.kernel.row.memory cimport lone_bytes, scratch_behind
from thermonucleus.kernel.row.types cimport Reading, Settings

from thermonucleus.kernel.dispatch import active

cdef Kernel kernel = active()
cdef read_row_type read_row = kernel.read_row
cdef draw_token_type draw_token = kernel.draw_token
cdef fill_row_type fill_row = kernel.fill_row


cdef size_t workspace_bytes(Py_ssize_t size) noexcept nogil:
    return lone_bytes(size)


cdef Py_ssize_t sample_planned(
    const float* row, Py_ssize_t size, const char* plan, double u, void* workspace
) noexcept nogil:
    cdef Settings settings
    memcpy(&settings, plan, sizeof(Settings))
    return sample(row, size, &settings, u, workspace)


cdef int fill_planned(const float* row, Py_ssize_t size, const char* plan, float* out, void* workspace) noexcept nogil:
    cdef Settings settings
    memcpy(&settings, plan, sizeof(Settings))
    return fill(row, size, &settings, out, workspace)


cdef Py_ssize_t sample_row(
    const float* row, Py_ssize_t size, double temperature, Py_ssize_t top_k, double top_p, double min_p, double u, void* workspace
) noexcept nogil:
    cdef Settings settings = Settings(temperature, top_k, top_p, min_p, 0.0)
    return sample(row, size, &settings, u, workspace)


cdef int fill_probabilities(
    const float* row, Py_ssize_t size, double temperature, Py_ssize_t top_k, double top_p, double min_p, float* out, void* workspace
) noexcept nogil:
    cdef Settings settings = Settings(temperature, top_k, top_p, min_p, 0.0)
    return fill(row, size, &settings, out, workspace)


cdef Py_ssize_t sample(const float* row, Py_ssize_t size, const Settings* settings, double u, void* workspace) noexcept nogil:
    cdef Reading reading
    cdef double* running = <double*> workspace
    cdef Py_ssize_t token
    if not (0.0 <= u < 1.0):
        return BAD_ARGUMENT
    cdef int status = read(row, size, settings, workspace, &reading, NULL)
    if status != SOUND:
        return status
    token = draw_token(&reading, running, u)
    return token if token >= 0 else CHANGED_ROW


cdef int fill(const float* row, Py_ssize_t size, const Settings* settings, float* out, void* workspace) noexcept nogil:
    cdef Reading reading
    cdef int status = read(row, size, settings, workspace, &reading, out)
    if status == SOUND:
        fill_row(&reading, out)
    return status


cdef int read(
    const float* row, Py_ssize_t size, const Settings* settings, void* workspace, Reading* reading, float* weights
) noexcept nogil:
    """Check and read a row. Its running sums are left at the start of the workspace."""
    cdef double* running = <double*> workspace
    if size < 1 or not (
        isfinite(settings.temperature)
        and settings.temperature >= 0.0
        and settings.top_k >= 0.0
        and 0.0 <= settings.top_p <= 1.0
        and 0.0 <= settings.min_p <= 1.0
    ):
        return BAD_ARGUMENT
    if not read_row(row, size, settings, scratch_behind(running, size), reading, running, weights):
        return BAD_ROW
    return SOUND
