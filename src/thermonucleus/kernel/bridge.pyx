"""Between Python objects and the kernel's pointers: buffers in, the GIL released, baseline instructions only."""

cimport cython
from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t
from libc.string cimport memset

from thermonucleus.kernel.draw.coin cimport coin_of, excludes, mix
from thermonucleus.kernel.numbers cimport RandomNumbers
from thermonucleus.kernel.row.memory cimport lone_bytes, scratch_behind, scratch_bytes
from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.types cimport BRIEF, CHUNK, Plan, Reading, Step
from thermonucleus.kernel.watch cimport Watch, attend, begin

cdef bytes READING = b"struct __pyx_t_13thermonucleus_6kernel_3row_5types_Reading"
cdef bytes PLAN = b"struct __pyx_t_13thermonucleus_6kernel_3row_5types_Plan"
cdef bytes READ_ROW = b"int (float const *, Py_ssize_t, " + PLAN + b" const *, void *, " + READING + b" *, double *, float *)"
cdef bytes DRAW_TOKEN = b"Py_ssize_t (" + READING + b" *, double)"
cdef bytes TOKEN_PROBABILITY = b"double (" + READING + b" *, Py_ssize_t)"
cdef bytes FILL_ROW = b"void (" + READING + b" *, float *)"


@cython.final
cdef class Kernel:
    """The functions of one build of `row_kernel`. A build with other signatures is refused with a ValueError."""

    def __cinit__(self, str target not None, module):
        capi = module.__pyx_capi__
        self.target = target
        self.read_row = <read_row_type> PyCapsule_GetPointer(capi["read_row"], READ_ROW)
        self.draw_token = <draw_token_type> PyCapsule_GetPointer(capi["draw_token"], DRAW_TOKEN)
        self.fill_row = <fill_row_type> PyCapsule_GetPointer(capi["fill_row"], FILL_ROW)
        self.token_probability = <token_probability_type> PyCapsule_GetPointer(capi["token_probability"], TOKEN_PROBABILITY)

    def __repr__(self):
        return f"<Kernel {self.target}>"


@cython.final
cdef class Batch:
    """A batch on its way through the kernel: first `read`, every row of it, then `draw` or `fill`.

    The two steps are apart so that no random number is drawn before all rows are known to be sound. Each takes a range of rows, and
    ranges may run in several threads at once: a row's results depend on nothing but the row, its settings and its u. Ctrl-C ends a
    step in the main thread with KeyboardInterrupt, and `stop` ends it in the others.

    Where XTC throws a coin in any of the rows, each of these is read both ways, since the coin is known with u alone: first as it
    is with the exclusion, then as it is without.
    """

    cdef Kernel kernel
    cdef Py_buffer logits
    cdef Py_buffer plans
    cdef readonly Py_ssize_t count
    cdef Py_ssize_t size
    cdef Py_ssize_t ways
    cdef Reading* readings      # `ways` a row
    cdef double* running        # of each reading
    cdef char* drawn            # which of its readings a row was last drawn from
    cdef volatile bint stopped
    cdef bint filling

    def __cinit__(self, Kernel kernel not None, logits, plans):
        """Take float32 logits, (V,) or (B, V), and float64 plans, (1, n, 4) or (B, n, 4), both C-contiguous and checked."""
        cdef Py_ssize_t row
        self.kernel = kernel
        get_buffer(logits, &self.logits, PyBUF_C_CONTIGUOUS, b"f", sizeof(float))
        get_plans(plans, &self.plans)
        self.size = self.logits.shape[self.logits.ndim - 1]
        self.count = self.logits.shape[0] if self.logits.ndim == 2 else 1
        if self.plans.shape[0] not in (1, self.count):
            raise ValueError("plans: expected one, or one for each row of logits")
        self.ways = 1
        for row in range(self.plans.shape[0]):
            if self.coin(row) > 0.0:
                self.ways = 2
        self.readings = <Reading*> allocate(self.count * self.ways * sizeof(Reading))
        self.running = <double*> allocate(self.count * self.ways * chunk_count(self.size) * sizeof(double))
        self.drawn = <char*> allocate(self.count)
        memset(self.drawn, 0, self.count)

    def __dealloc__(self):
        PyMem_RawFree(self.drawn)
        PyMem_RawFree(self.readings)
        PyMem_RawFree(self.running)
        PyBuffer_Release(&self.logits)
        PyBuffer_Release(&self.plans)

    def read(self, Py_ssize_t start, Py_ssize_t stop, weights=None, bint filling=False):
        """Read the rows, to draw from them or to fill; the number of the first that cannot be sampled from, or -1.

        Weights may be left in what `fill` is given later, which saves it from computing them again, but is written to then.
        """
        cdef Py_buffer out
        cdef Watch watch
        cdef Py_ssize_t row, fault = -1
        cdef void* memory = allocate(scratch_bytes(self.size))
        self.filling = filling
        hold_nothing(&out)
        try:
            if weights is not None:
                self.get_output(weights, &out)
            with nogil:
                begin(&watch)
                for row in range(start, stop):
                    if self.ends(&watch, self.size):
                        break
                    if not self.read_ways(row, memory, self.row_output(&out, row)):
                        fault = row
                        break
        finally:
            PyMem_RawFree(memory)
            PyBuffer_Release(&out)
        return fault

    def draw_one(self, double u):
        """The first row's token for u."""
        cdef Py_ssize_t token = self.draw_from(0, u)
        if token < 0:
            raise changed(0)
        return token

    def draw(self, uniforms, tokens, Py_ssize_t start, Py_ssize_t stop):
        """For each row, a token (int64) for each of its uniforms (float64); both have as many elements, rows first."""
        cdef Py_buffer u, out
        cdef Watch watch
        cdef Py_ssize_t row, i, draws, token
        hold_nothing(&u)
        hold_nothing(&out)
        try:
            get_buffer(uniforms, &u, PyBUF_C_CONTIGUOUS, b"d", sizeof(double))
            get_buffer(tokens, &out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE, b"lq", sizeof(int64_t))
            draws = u.len // (max(self.count, 1) * <Py_ssize_t> sizeof(double))
            if out.len != u.len or u.len != draws * self.count * <Py_ssize_t> sizeof(double):
                raise ValueError("uniforms and tokens: expected as many of one as of the other, and as many for each row")
            with nogil:
                begin(&watch)
                for row in range(start, stop):
                    for i in range(row * draws, (row + 1) * draws):
                        if self.ends(&watch, CHUNK):
                            break
                        token = self.draw_from(row, (<double*> u.buf)[i])
                        if token < 0:
                            with gil:
                                raise changed(row)
                        (<int64_t*> out.buf)[i] = token
        finally:
            PyBuffer_Release(&u)
            PyBuffer_Release(&out)

    def token_probabilities(self, tokens, probabilities):
        """The probability (float64) of a token (int64) of each row where it was last drawn from, before adaptive-p weighs them."""
        cdef Py_buffer chosen, out
        cdef Py_ssize_t row, token
        hold_nothing(&chosen)
        hold_nothing(&out)
        try:
            get_buffer(tokens, &chosen, PyBUF_C_CONTIGUOUS, b"lq", sizeof(int64_t))
            get_buffer(probabilities, &out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE, b"d", sizeof(double))
            if chosen.len != self.count * <Py_ssize_t> sizeof(int64_t) or out.len != chosen.len:
                raise ValueError("tokens and probabilities: expected one of each for each row")
            for row in range(self.count):
                token = (<int64_t*> chosen.buf)[row]
                if not 0 <= token < self.size:
                    raise ValueError(f"tokens: expected numbers from 0 to {self.size - 1}, got {token}")
                (<double*> out.buf)[row] = self.kernel.token_probability(self.reading(row, self.drawn[row]), token)
        finally:
            PyBuffer_Release(&chosen)
            PyBuffer_Release(&out)

    def fill(self, probabilities, Py_ssize_t start, Py_ssize_t stop):
        """Write the rows' probabilities (float32, of the shape of the logits)."""
        cdef Py_buffer out
        cdef Watch watch
        cdef Py_ssize_t row
        cdef float* other = NULL
        if self.ways > 1:
            other = <float*> allocate(self.size * sizeof(float))
        hold_nothing(&out)
        try:
            self.get_output(probabilities, &out)
            with nogil:
                begin(&watch)
                for row in range(start, stop):
                    if self.ends(&watch, self.size):
                        break
                    self.fill_from(row, self.row_output(&out, row), other)
        finally:
            PyMem_RawFree(other)
            PyBuffer_Release(&out)

    def sweeps(self, Py_ssize_t row):
        """How often the search for a row's nucleus has read the row again: what benchmarks tell of it."""
        if not 0 <= row < self.count:
            raise IndexError(f"row: expected a number from 0 to {self.count - 1}, got {row}")
        return self.reading(row, 0).sweeps

    def stop(self):
        """Have the steps that run in other threads end at their next row. What they were to write is not complete then."""
        self.stopped = True

    cdef inline int ends(self, Watch* watch, Py_ssize_t work) except -1 nogil:
        """Whether to end here, before so much more work is done; raises what a signal raises."""
        attend(watch, work)
        return self.stopped

    cdef int get_output(self, probabilities, Py_buffer* out) except -1:
        get_buffer(probabilities, out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE, b"f", sizeof(float))
        if out.len != self.logits.len:
            raise ValueError("probabilities: expected as many as logits")
        return 0

    cdef inline float* row_output(self, const Py_buffer* out, Py_ssize_t row) noexcept nogil:
        return NULL if out.buf == NULL else <float*> out.buf + row * self.size

    cdef inline const float* row(self, Py_ssize_t row) noexcept nogil:
        return <const float*> self.logits.buf + row * self.size

    cdef bint read_ways(self, Py_ssize_t row, void* memory, float* weights) noexcept nogil:
        cdef Plan plan = self.row_plan(row)
        cdef Py_ssize_t way, ways = 2 if self.ways > 1 and coin_of(&plan) > 0.0 else 1
        for way in range(ways):
            plan.excluding = way == 0
            if not self.kernel.read_row(
                self.row(row), self.size, &plan, memory, self.reading(row, way), self.way_running(row, way),
                weights if self.ways == 1 else NULL,
            ):
                return False
        return True

    cdef Py_ssize_t draw_from(self, Py_ssize_t row, double u) noexcept nogil:
        cdef double coin
        cdef Py_ssize_t way = 0
        if self.ways > 1:
            coin = self.coin(row)
            way = 1 if coin > 0.0 and not excludes(coin, &u) else 0
            self.drawn[row] = <char> way
        return self.kernel.draw_token(self.reading(row, way), u)

    cdef void fill_from(self, Py_ssize_t row, float* out, float* other) noexcept nogil:
        cdef double coin = self.coin(row) if self.ways > 1 else 0.0
        self.kernel.fill_row(self.reading(row, 0), out)
        if coin > 0.0:
            self.kernel.fill_row(self.reading(row, 1), other)
            mix(coin, out, other, self.size)

    cdef inline Plan row_plan(self, Py_ssize_t row) noexcept nogil:
        cdef Py_ssize_t count = self.plans.shape[1]
        return Plan(<const Step*> self.plans.buf + (row * count if self.plans.shape[0] > 1 else 0), count, False, self.filling)

    cdef inline double coin(self, Py_ssize_t row) noexcept nogil:
        cdef Plan plan = self.row_plan(row)
        return coin_of(&plan)

    cdef inline Reading* reading(self, Py_ssize_t row, Py_ssize_t way) noexcept nogil:
        return self.readings + row * self.ways + way

    cdef inline double* way_running(self, Py_ssize_t row, Py_ssize_t way) noexcept nogil:
        return self.running + (row * self.ways + way) * chunk_count(self.size)


@cython.final
@cython.no_gc_clear     # as `RandomNumbers` is
cdef class SingleRow:
    """Draws from one row at a time, with the same plan, generator and memory from call to call."""

    def __cinit__(self, plans, generator):
        """Take a float64 plan, (1, n, 4), checked."""
        get_plans(plans, &self.steps)
        if self.steps.shape[0] != 1:
            raise ValueError("plans: expected one")
        self.numbers = RandomNumbers(generator)
        self.plan = Plan(<const Step*> self.steps.buf, self.steps.shape[1], True, False)
        self.coin = coin_of(&self.plan)
        self.memory = NULL
        self.room = 0

    def __dealloc__(self):
        PyMem_RawFree(self.memory)
        PyBuffer_Release(&self.steps)

    cpdef Py_ssize_t draw(self, Kernel kernel, logits) except -2:
        """The token for the generator's next number; or -1, and none was drawn, if logits are not a sound float32 row."""
        cdef Py_buffer view
        try:
            PyObject_GetBuffer(logits, &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
        except (BufferError, ValueError):
            return -1
        try:
            if view.ndim == 1 and view.len > 0 and is_float(&view):
                return self.token(kernel, <const float*> view.buf, view.shape[0], NULL)
        finally:
            PyBuffer_Release(&view)
        return -1

    cdef Py_ssize_t token(self, Kernel kernel, const float* row, Py_ssize_t size, Drawn* drawn) except -2:
        """The same for a row of which nothing but its values is left to be found out. NULL if the token is all that is wanted."""
        cdef Py_ssize_t room = size
        cdef void* memory = self.borrow(&room)
        try:
            return draw_single(kernel, row, size, &self.plan, self.coin, memory, self.numbers, drawn)
        finally:
            self.give_back(memory, room)

    cdef void* borrow(self, Py_ssize_t* room) except NULL:
        cdef void* memory
        with cython.critical_section(self):
            memory = self.memory
            self.memory = NULL
            if memory != NULL and self.room >= room[0]:
                room[0] = self.room
                return memory
        PyMem_RawFree(memory)
        return allocate(lone_bytes(room[0]))

    cdef void give_back(self, void* memory, Py_ssize_t room) noexcept:
        with cython.critical_section(self):
            if self.memory == NULL:
                self.memory = memory
                self.room = room
                return
        PyMem_RawFree(memory)


cdef Py_ssize_t draw_single(
    Kernel kernel, const float* row, Py_ssize_t size, const Plan* plan, double coin, void* memory, RandomNumbers numbers,
    Drawn* drawn,
) except -2:
    cdef Plan other
    cdef Reading reading
    cdef Py_ssize_t token
    cdef double u
    if not read_single(kernel, row, size, plan, memory, &reading):
        return -1
    u = drawn.u if drawn != NULL and drawn.given else numbers.next()
    if drawn != NULL:
        drawn.u = u
    if coin > 0.0 and not excludes(coin, &u):
        other = Plan(plan.steps, plan.count, False, False)
        if not read_single(kernel, row, size, &other, memory, &reading):
            raise changed(0)
    token = kernel.draw_token(&reading, u)
    if token < 0:
        raise changed(0)
    if drawn != NULL:
        drawn.reading = reading
    return token


cdef bint read_single(
    Kernel kernel, const float* row, Py_ssize_t size, const Plan* plan, void* memory, Reading* reading
) noexcept:
    cdef double* running = <double*> memory
    cdef void* scratch = scratch_behind(running, size)
    cdef bint sound
    if size <= BRIEF:
        # Quicker than to hand the GIL over and get it back.
        return kernel.read_row(row, size, plan, scratch, reading, running, NULL)
    with nogil:
        sound = kernel.read_row(row, size, plan, scratch, reading, running, NULL)
    return sound


def changed(Py_ssize_t row):
    """The error for a row that was sound, and no longer is what it was."""
    return RuntimeError(
        f"logits changed while they were being read: row {row} no longer has a token to draw. "
        "Nothing may write to them during a call; give it a copy, or have the writer wait"
    )


cdef bint is_float(const Py_buffer* view) noexcept:
    return (
        view.itemsize == sizeof(float)
        and view.format[0] == c"f"
        and view.format[1] == 0
        and <size_t> view.buf % sizeof(float) == 0
    )


cdef inline void hold_nothing(Py_buffer* view) noexcept:
    """Such a view may be released, which does nothing; its memory is at NULL."""
    memset(view, 0, sizeof(Py_buffer))


cdef int get_buffer(source, Py_buffer* view, int flags, bytes formats, Py_ssize_t itemsize) except -1:
    """The last guard before pointers: argument checks with kind messages come before. What is raised leaves nothing to release."""
    PyObject_GetBuffer(source, view, flags | PyBUF_FORMAT)
    if view.itemsize != itemsize or len(view.format) != 1 or view.format[0] not in formats:
        got = view.format
        PyBuffer_Release(view)
        raise ValueError(f"expected a buffer of format {formats}, got {got}")
    return 0


cdef int get_plans(source, Py_buffer* view) except -1:
    get_buffer(source, view, PyBUF_C_CONTIGUOUS, b"d", sizeof(double))
    if view.ndim != 3 or view.shape[2] * sizeof(double) != sizeof(Step):
        PyBuffer_Release(view)
        raise ValueError("plans: expected an array of steps (1 or B, n, 4)")
    return 0


cdef void* allocate(size_t size) except NULL:
    cdef void* memory = PyMem_RawMalloc(size)
    if memory == NULL:
        raise MemoryError(f"no room for {size} bytes")
    return memory
