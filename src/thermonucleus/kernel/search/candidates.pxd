"""Survivors: the tokens between two logits, copied out of a row once they are few."""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint32_t

from thermonucleus.kernel.check cimport CHECK
from thermonucleus.kernel.row.memory cimport Scratch, short_room
from thermonucleus.kernel.row.source cimport chunk_count, logit_at, whole_chunk
from thermonucleus.kernel.row.types cimport CHUNK, NOTHING, SHORT, WAYS, Row, Sums

cdef union Power:
    float value
    int32_t bits


cdef inline bint narrow_to(Row* row, float low, float high, Scratch* scratch) noexcept nogil:
    """Reduce the row to its tokens with low <= x < high. False, and the row as it was, if these are more than SHORT."""
    cdef Py_ssize_t count = row.size
    if row.ids == NULL:
        count = copy_interval(row, low, high, scratch)
    if count < 0:
        return False
    keep_interval(row, count, low, high, NOTHING, scratch)
    return True


cdef inline void keep_interval(
    Row* row, Py_ssize_t count, float low, float high, Sums sums_cover, Scratch* scratch
) noexcept nogil:
    """From here on the row is what was taken of it with low <= x < high."""
    cdef Py_ssize_t i, left = 0
    for i in range(count):
        # In place: what is written has been read before.
        scratch.values[left] = scratch.values[i]
        scratch.ids[left] = scratch.ids[i]
        left += (scratch.values[i] >= low) & (scratch.values[i] < high)
    row.ids = scratch.ids
    row.values = scratch.values
    CHECK(left <= SHORT)
    row.size = left
    row.sums_cover = sums_cover


cdef inline Py_ssize_t copy_interval(const Row* row, float low, float high, Scratch* scratch) noexcept nogil:
    """Copy out the values of a whole row with low <= value < high, and their ids; their number, or -1 if it exceeds SHORT.

    A chunk adds a token for each bit that `mark` has set, CHUNK of them at most, whatever the row holds when it is read again; so
    the `short_room` of the scratch is never exceeded.
    """
    cdef uint32_t hits[WAYS]
    cdef uint32_t ways
    cdef Py_ssize_t chunk, way, count = 0
    cdef float spare[CHUNK]
    cdef const float* x
    if row.size <= WAYS:
        # A token is a group of its own, so that this is the same order.
        for way in range(row.size):
            scratch.values[count] = logit_at(&row.source, way)
            scratch.ids[count] = way
            count += (scratch.values[count] >= low) & (scratch.values[count] < high)
        return count
    cdef uint32_t marked
    for chunk in range(chunk_count(row.size)):
        if row.maxima[chunk] < low:
            continue
        x = whole_chunk(&row.source, chunk, spare)
        ways = mark_groups(row.groups + chunk * WAYS, low)
        if many_bits(ways):
            ways = mark(x, low, high, hits)
            while ways:
                way = lowest_bit(ways)
                ways &= ways - 1
                count = copy_marked(x, chunk * CHUNK, way, hits[way], count, scratch)
        while ways:
            way = lowest_bit(ways)
            ways &= ways - 1
            marked = mark_group(x, way, low, high, True) if high < INFINITY else mark_group(x, way, low, high, False)
            count = copy_marked(x, chunk * CHUNK, way, marked, count, scratch)
        CHECK(count <= short_room(row.size))
        if count > SHORT:
            return -1
    return count


cdef inline uint32_t mark_groups(const float* groups, float low) noexcept nogil:
    """Bit i says whether groups[i] >= low."""
    cdef uint32_t ways = 0
    cdef Py_ssize_t way
    for way in range(WAYS):
        ways |= <uint32_t> (groups[way] >= low) << way
    return ways


cdef inline bint many_bits(uint32_t bits) noexcept nogil:
    """Whether more than six are set. Chosen: some such number of groups takes as long to look at one by one as all 32 at once."""
    cdef Py_ssize_t _i
    for _i in range(6):
        bits &= bits - 1
    return bits != 0


cdef inline uint32_t mark_group(const float* x, Py_ssize_t way, float low, float high, bint bounded) noexcept nogil:
    """Bit i says whether low <= x[i * WAYS + way] < high; where there is no bound above, one comparison is enough."""
    cdef uint32_t hits = 0
    cdef Py_ssize_t i
    for i in range(16):
        hits |= <uint32_t> ((x[32 * i + way] >= low) & (not bounded or x[32 * i + way] < high)) << i
    return hits


cdef inline uint32_t mark(const float* x, float low, float high, uint32_t* hits) noexcept nogil:
    """Bit i of hits[way] says whether low <= x[i * WAYS + way] < high; bit way of the result, whether hits[way] has any."""
    cdef Py_ssize_t i, way
    cdef uint32_t marks[WAYS]
    cdef uint32_t ways = 0
    for way in range(WAYS):
        marks[way] = 0
    for i in range(0, 16, 4):
        for way in range(WAYS):
            marks[way] |= mark_four(x + 32 * i + way, low, high) << i
    for way in range(WAYS):
        hits[way] = marks[way]
        ways |= <uint32_t> (marks[way] != 0) << way
    return ways


cdef inline uint32_t mark_four(const float* x, float low, float high) noexcept nogil:
    return (
        (<uint32_t> ((x[0] >= low) & (x[0] < high)) | <uint32_t> ((x[32] >= low) & (x[32] < high)) << 1)
        | (<uint32_t> ((x[64] >= low) & (x[64] < high)) << 2 | <uint32_t> ((x[96] >= low) & (x[96] < high)) << 3)
    )


cdef inline Py_ssize_t copy_marked(
    const float* x, Py_ssize_t start, Py_ssize_t way, uint32_t hits, Py_ssize_t count, Scratch* scratch
) noexcept nogil:
    cdef Py_ssize_t i
    while hits:
        i = lowest_bit(hits) * WAYS + way
        hits &= hits - 1
        scratch.values[count] = x[i]
        scratch.ids[count] = start + i
        count += 1
    return count


cdef inline Py_ssize_t lowest_bit(uint32_t bits) noexcept nogil:
    """The number of the lowest bit set, which as a float is a power of two: that float's exponent."""
    cdef Power lowest
    lowest.value = <float> (bits & (~bits + 1))
    return (lowest.bits >> 23) - 127
