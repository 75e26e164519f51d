"""Survivors: the tokens between two logits, copied out of a row once they are few."""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint32_t

from thermonucleus.kernel.row cimport CHUNK, SHORT, WAYS, Scratch, View, chunk_count, whole_chunk

cdef union Power:
    float value
    int32_t bits


cdef inline bint shrink(View* row, float cutoff, Scratch* scratch) noexcept nogil:
    """Reduce the row to its tokens at or above the cutoff. False, and the row as it was, if these are more than SHORT."""
    cdef Py_ssize_t count
    if row.ids != NULL:
        keep(row.size, cutoff, scratch, &row.size)
        return True
    count = take(row, cutoff, INFINITY, scratch)
    if count < 0:
        return False
    settle(row, count, scratch)
    return True


cdef inline void settle(View* row, Py_ssize_t count, Scratch* scratch) noexcept nogil:
    """From here on the row is what was taken of it."""
    row.ids = scratch.ids
    row.values = scratch.values
    row.groups = row.maxima = NULL
    row.summed = False
    row.size = count


cdef inline void keep(Py_ssize_t count, float cutoff, Scratch* scratch, Py_ssize_t* kept) noexcept nogil:
    """Keep what was taken at or above the cutoff. In place: what is written has been read before."""
    cdef Py_ssize_t i, left = 0
    for i in range(count):
        scratch.values[left] = scratch.values[i]
        scratch.ids[left] = scratch.ids[i]
        left += scratch.values[i] >= cutoff
    kept[0] = left


cdef inline Py_ssize_t take(const View* row, float low, float high, Scratch* scratch) noexcept nogil:
    """Copy out the values of a whole row with low <= value < high, and their ids; their number, or -1 if it exceeds SHORT."""
    cdef uint32_t hits[WAYS]
    cdef Py_ssize_t hit_ways[WAYS]
    cdef Py_ssize_t chunk, way, i, found, count = 0
    cdef float spare[CHUNK]
    cdef const float* x
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < low:
            continue
        x = whole_chunk(row, chunk, spare)
        mark(x, low, high, hits)
        # The ways that have any are listed first, without a branch for each to be mispredicted.
        found = 0
        for way in range(WAYS):
            hit_ways[found] = way
            found += hits[way] != 0
        for i in range(found):
            count = copy_marked(x, chunk * CHUNK, hit_ways[i], hits[hit_ways[i]], count, scratch)
        if count > SHORT:
            return -1
    return count


cdef inline void mark(const float* x, float low, float high, uint32_t* hits) noexcept nogil:
    """Bit i of hits[way] says whether low <= x[i * WAYS + way] < high."""
    cdef Py_ssize_t i, way
    cdef uint32_t marks[WAYS]
    for way in range(WAYS):
        marks[way] = 0
    for i in range(16):
        for way in range(WAYS):
            marks[way] |= <uint32_t> ((x[32 * i + way] >= low) & (x[32 * i + way] < high)) << i
    for way in range(WAYS):
        hits[way] = marks[way]


cdef inline Py_ssize_t copy_marked(
    const float* x, Py_ssize_t start, Py_ssize_t way, uint32_t hits, Py_ssize_t count, Scratch* scratch
) noexcept nogil:
    cdef Power lowest
    cdef Py_ssize_t i
    while hits:
        # The number of the lowest bit, which as a float is a power of two, is that float's exponent.
        lowest.value = <float> <int32_t> (hits & (~hits + 1))
        i = ((lowest.bits >> 23) - 127) * WAYS + way
        scratch.values[count] = x[i]
        scratch.ids[count] = start + i
        count += 1
        hits &= hits - 1
    return count
