# cython: language_level=3
"""Tokens for a batch of rows, from Cython and without the GIL."""

from libc.stdlib cimport free, malloc

from thermonucleus.kernel cimport cython_api as thermo


def draw(const float[:, ::1] rows, const double[::1] uniforms, bytes plan not None):
    """Draw a token from each row, with settings that `thermonucleus.settings.plan` has made one thing of."""
    cdef Py_ssize_t i, token
    cdef const char* settings = plan
    cdef list tokens = []
    cdef void* workspace = malloc(thermo.workspace_bytes(rows.shape[1]))
    if workspace == NULL:
        raise MemoryError()
    try:
        for i in range(rows.shape[0]):
            with nogil:
                token = thermo.sample_planned(&rows[i, 0], rows.shape[1], settings, uniforms[i], workspace)
            if token == thermo.BAD_ROW:
                raise ValueError(f"row {i} holds NaN or +inf, or nothing but -inf")
            if token == thermo.BAD_ARGUMENT:
                raise ValueError(f"out of range: u {uniforms[i]}")
            if token == thermo.CHANGED_ROW:
                raise RuntimeError(f"row {i} was written to while it was read")
            tokens.append(token)
    finally:
        free(workspace)
    return tokens


def draw_one(const float[::1] row, double temperature, Py_ssize_t top_k, double top_p, double min_p, double u):
    """Draw a token, or return a status below 0, with four settings one by one."""
    cdef void* workspace = malloc(thermo.workspace_bytes(row.shape[0]))
    cdef Py_ssize_t token
    with nogil:
        token = thermo.sample_row(&row[0], row.shape[0], temperature, top_k, top_p, min_p, u, workspace)
    free(workspace)
    return token


def probabilities(const float[::1] row, float[::1] out, double temperature, Py_ssize_t top_k, double top_p, double min_p):
    """Write a row's probabilities to `out`, and return the status."""
    cdef void* workspace = malloc(thermo.workspace_bytes(row.shape[0]))
    cdef int status
    with nogil:
        status = thermo.fill_probabilities(
            &row[0] if row.shape[0] else NULL, row.shape[0], temperature, top_k, top_p, min_p, &out[0], workspace
        )
    free(workspace)
    return status


def planned_probabilities(const float[::1] row, float[::1] out, bytes plan not None):
    """The same, with settings that are one thing."""
    cdef void* workspace = malloc(thermo.workspace_bytes(row.shape[0]))
    cdef const char* settings = plan
    cdef int status
    with nogil:
        status = thermo.fill_planned(&row[0], row.shape[0], settings, &out[0], workspace)
    free(workspace)
    return status
