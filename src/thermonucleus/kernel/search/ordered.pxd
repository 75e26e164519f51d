"""The tokens that are kept, from the most probable down, a block at a time: for what needs the first few in order."""

from libc.math cimport INFINITY
from libc.stdint cimport uint32_t

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.tokens cimport count_inside, finite_kept
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.candidates cimport copy_interval
from thermonucleus.kernel.search.long cimport kth_largest_of_row
from thermonucleus.kernel.search.short cimport kth_largest
from thermonucleus.kernel.weights.float_order cimport next_up, rank

cdef enum:
    # Chosen: the first block is enough for most rows, and its tokens are found by the maxima of the row alone.
    FIRST_BLOCK = 64
    # At most half of SHORT, so that what is looked for exactly always has room.
    BLOCK = 4096


cdef struct Descent:
    const Row* row
    Scratch* scratch
    const float* values     # of the block, from the largest down
    Py_ssize_t count        # how many
    Py_ssize_t repeats      # tokens that equal the last of the block, and are not in it
    Py_ssize_t done         # tokens so far, with these
    float low               # all those at or above it


cdef inline Descent descend_from(const Row* row, Scratch* scratch) noexcept nogil:
    """The start of a descent; the row is settled, and its tokens are copies unless they are more than SHORT."""
    return Descent(row, scratch, scratch.ordered, 0, 0, 0, row.kept.high)


cdef inline bint next_block(Descent* descent, Py_ssize_t wanted) noexcept nogil:
    """Go on to the next tokens: as many as are `wanted`, which count as BLOCK if they are more, or some more, or all that is left.
    False if nothing is."""
    cdef float least = finite_kept(descent.row).low
    cdef float high = descent.low
    descent.count = descent.repeats = 0
    if high <= least:
        return False
    wanted = min(wanted, BLOCK)
    if descent.row.ids != NULL:
        take_copies(descent, wanted, least, high)
    elif not (descent.done == 0 and take_by_maxima(descent, wanted, least)):
        take_exactly(descent, wanted, least, high)
    sort_descending(descent.scratch.ordered, descent.scratch.spare, descent.count)
    descent.done += descent.count + descent.repeats
    return descent.count > 0


cdef inline void take_copies(Descent* descent, Py_ssize_t wanted, float least, float high) noexcept nogil:
    cdef const Row* row = descent.row
    cdef Py_ssize_t i
    descent.low = least
    if descent.done + wanted < row.size:
        descent.low = max(least, kth_largest(row.values, row.size, descent.done + wanted, row.maximum))
    for i in range(row.size):
        descent.scratch.ordered[descent.count] = row.values[i]
        descent.count += (row.values[i] >= descent.low) & (row.values[i] < high)


cdef inline bint take_by_maxima(Descent* descent, Py_ssize_t wanted, float least) noexcept nogil:
    """Take all from the `wanted`-th largest maximum of a chunk up, which are as many at least. False if that cannot be done."""
    cdef const Row* row = descent.row
    cdef Py_ssize_t chunks = chunk_count(row.size)
    if wanted > chunks:
        return False
    descent.low = max(least, kth_largest(row.maxima, chunks, wanted, row.maximum))
    descent.count = copy_ordered(descent, descent.low, INFINITY)
    return descent.count >= 0


cdef inline void take_exactly(Descent* descent, Py_ssize_t wanted, float least, float high) noexcept nogil:
    """Take as many as are wanted, and those equal to the last; these are only counted if they are too many to be copied."""
    cdef const Row* row = descent.row
    descent.low = least
    if descent.done + wanted < row.size:
        descent.low = max(least, kth_largest_of_row(row, descent.done + wanted, row.maximum, descent.scratch))
    descent.count = copy_ordered(descent, descent.low, high)
    if descent.count < 0:
        # Fewer than `wanted` lie above the last one.
        least = descent.low
        descent.low = next_up(least)
        descent.count = copy_ordered(descent, descent.low, high)
        if descent.count <= 0:
            descent.scratch.ordered[0] = descent.low = least
            descent.count = 1
            # 0 at least, for another thread may write to the row.
            descent.repeats = max(count_inside(row, least, next_up(least)) - 1, 0)


cdef inline Py_ssize_t copy_ordered(Descent* descent, float low, float high) noexcept nogil:
    cdef Py_ssize_t i, count = copy_interval(descent.row, low, high, descent.scratch)
    for i in range(count):
        descent.scratch.ordered[i] = descent.scratch.values[i]
    return count


cdef inline void sort_descending(float* x, float* spare, Py_ssize_t count) noexcept nogil:
    """Sort by the order of floats, a byte of their rank at a time from the lowest (Knuth 5.2.5)."""
    cdef Py_ssize_t[256] starts
    cdef Py_ssize_t i, byte, place, length
    cdef int shift
    cdef float* swapped
    for shift in range(0, 32, 8):
        for byte in range(256):
            starts[byte] = 0
        for i in range(count):
            starts[descending_rank(x[i]) >> shift & 255] += 1
        place = 0
        for byte in range(256):
            length = starts[byte]
            starts[byte] = place
            place += length
        for i in range(count):
            byte = descending_rank(x[i]) >> shift & 255
            spare[starts[byte]] = x[i]
            starts[byte] += 1
        swapped = x
        x = spare
        spare = swapped


cdef inline uint32_t descending_rank(float x) noexcept nogil:
    """An integer that falls as x grows."""
    return <uint32_t> 0x7fffffff - <uint32_t> rank(x if x != 0.0 else <float> 0.0)
