"""Survivors: the tokens between two logits, copied out of a row once they are few."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row cimport CHUNK, LANES, SHORT, WAYS, Scratch, View, chunk_count, group_count


cdef inline bint shrink(View* row, float cutoff, Scratch* scratch) noexcept nogil:
    """Reduce the row to its tokens at or above the cutoff. False, and the row as it was, if these are more than SHORT."""
    cdef Py_ssize_t i, count = 0
    if row.ids == NULL:
        count = take(row, cutoff, INFINITY, 0, scratch)
        if count < 0:
            return False
        row.ids = scratch.ids
        row.values = scratch.values
        row.groups = row.maxima = NULL
    else:
        # The row is the survivors of an earlier cutoff already: what is written here has been read before.
        for i in range(row.size):
            scratch.values[count] = scratch.values[i]
            scratch.ids[count] = scratch.ids[i]
            count += scratch.values[i] >= cutoff
    row.size = count
    return True


cdef inline Py_ssize_t take(const View* row, float low, float high, Py_ssize_t most, Scratch* scratch) noexcept nogil:
    """Copy out the values of a whole row with low <= value < high, and their ids.

    Returns their number; or -1 if they are more than SHORT, or if the maxima do not say where they are and `most`, a bound of
    their number where one is known, does not say that they are few.
    """
    cdef Py_ssize_t chunk, way, group, i, hits = 0, count = 0, groups = group_count(row.size)
    for group in range(groups):
        hits += row.groups[group] >= low
    if hits * 4 > groups:
        return take_blocks(row, low, high, scratch) if 0 < most <= SHORT or row.size <= SHORT else -1
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < low:
            continue
        for way in range(WAYS):
            if row.groups[chunk * WAYS + way] < low:
                continue
            for i in range(chunk * CHUNK + way, min((chunk + 1) * CHUNK, row.size), 32):
                scratch.values[count] = row.values[i]
                scratch.ids[count] = i
                count += (row.values[i] >= low) & (row.values[i] < high)
            if count > SHORT:
                return -1
    return count


cdef inline Py_ssize_t take_blocks(const View* row, float low, float high, Scratch* scratch) noexcept nogil:
    """The same without the maxima, which are of no use where most of them reach `low`."""
    cdef Py_ssize_t i, j, stop, count = 0
    cdef const float* x = row.values
    cdef int hit
    for i in range(0, row.size, 16):
        stop = i + LANES if i + LANES < row.size else row.size
        hit = 0
        for j in range(i, stop):
            hit |= (x[j] >= low) & (x[j] < high)
        if hit:
            for j in range(i, stop):
                scratch.values[count] = x[j]
                scratch.ids[count] = j
                count += (x[j] >= low) & (x[j] < high)
            if count > SHORT:
                return -1
    return count
