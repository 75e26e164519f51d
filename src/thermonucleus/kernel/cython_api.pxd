"""The kernel for other compiled code: C types only, no GIL. Functions may be added here; none changes or goes.

All of them may run in any number of threads at once, each with a workspace of its own. Rows are contiguous float32 of `size`
logits, 1 or more, and are only read; nothing may write to them during a call. Settings and u mean what they mean in
`thermonucleus.sample`; top_k 0 keeps all. A plan is all settings in one: bytes that the Python function
`thermonucleus.settings.plan` has made of the keywords that `thermonucleus.sample` takes, once and for any number of calls.
"""

cdef enum:
    SOUND = 0
    BAD_ROW = -1            # NaN, +inf, or nothing but -inf
    BAD_ARGUMENT = -2       # a setting, u or the size is out of range
    CHANGED_ROW = -3        # another thread has written to the row during the call, and left no token to draw

# Bytes of the workspace of a row, or of any shorter one. It is aligned as malloc's memory is; what it holds between calls is no
# matter.
cdef size_t workspace_bytes(Py_ssize_t size) noexcept nogil

# The token that u, 0 <= u < 1, falls on; or BAD_ROW, BAD_ARGUMENT or CHANGED_ROW, all of them negative.
cdef Py_ssize_t sample_planned(
    const float* row, Py_ssize_t size, const char* plan, double u, void* workspace
) noexcept nogil

# Write the row's probabilities to `out`, which does not overlap it: SOUND; else BAD_ROW or BAD_ARGUMENT, and nothing is written.
cdef int fill_planned(const float* row, Py_ssize_t size, const char* plan, float* out, void* workspace) noexcept nogil

# The same with settings one by one: those that there were first.
cdef Py_ssize_t sample_row(
    const float* row, Py_ssize_t size, double temperature, Py_ssize_t top_k, double top_p, double min_p, double u, void* workspace
) noexcept nogil

cdef int fill_probabilities(
    const float* row, Py_ssize_t size, double temperature, Py_ssize_t top_k, double top_p, double min_p, float* out, void* workspace
) noexcept nogil
