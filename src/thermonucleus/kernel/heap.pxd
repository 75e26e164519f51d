"""A binary max-heap of floats: the largest first, at a cost only for those that are taken."""


cdef inline void heapify(float* heap, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count // 2 - 1, -1, -1):
        sift_down(heap, i, count)


cdef inline float pop(float* heap, Py_ssize_t* count) noexcept nogil:
    cdef float largest = heap[0]
    count[0] -= 1
    heap[0] = heap[count[0]]
    sift_down(heap, 0, count[0])
    return largest


cdef inline void sift_down(float* heap, Py_ssize_t i, Py_ssize_t count) noexcept nogil:
    cdef float x = heap[i]
    cdef Py_ssize_t child
    while True:
        child = 2 * i + 1
        if child >= count:
            break
        if child + 1 < count and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= x:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = x


cdef inline void sort_ascending(float* x, Py_ssize_t count) noexcept nogil:
    """Heapsort: each largest goes to the place that its removal leaves at the end."""
    cdef float largest
    heapify(x, count)
    while count > 0:
        largest = pop(x, &count)
        x[count] = largest
