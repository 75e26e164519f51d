# cython: language_level=3
"""Tokens for a batch of rows, from Cython and without the GIL."""

from libc.stdlib cimport free, malloc

from thermonucleus.kernel cimport cython_api as thermo


def draw(const float[:, ::1] rows, const double[::1] uniforms, double temperature, double top_p):
    """Draw a token from each row."""
    cdef Py_ssize_t i, token
    cdef list tokens = []
    cdef void* workspace = malloc(thermo.workspace_bytes(rows.shape[1]))
    if workspace == NULL:
        raise MemoryError()
    try:
        for i in range(rows.shape[0]):
            with nogil:
                token = thermo.sample_row(&rows[i, 0], rows.shape[1], temperature, 0, top_p, 0.0, uniforms[i], workspace)
            if token == thermo.BAD_ROW:
                raise ValueError(f"row {i} holds NaN or +inf, or nothing but -inf")
            if token == thermo.BAD_ARGUMENT:
                raise ValueError(f"out of range: temperature {temperature}, top_p {top_p} or u {uniforms[i]}")
            tokens.append(token)
    finally:
        free(workspace)
    return tokens


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
