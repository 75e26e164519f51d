"""Uniform numbers from a generator of NumPy, by a shorter way than its method `random` takes, and the same numbers."""

cimport cython
from cpython.pycapsule cimport PyCapsule_GetPointer


@cython.final
@cython.no_gc_clear     # what is cleared would be asked for a number all the same
cdef class RandomNumbers:
    """The numbers that `generator.random()` would return, one after the other.

    None is taken before it is asked for. So whoever else draws from the generator, or sets its state, takes turns with this.
    """

    def __cinit__(self, generator not None):
        self.generator = generator
        self.bits = NULL
        if is_known(generator):
            self.owner = generator.bit_generator
            self.acquire = self.owner.lock.acquire
            self.release = self.owner.lock.release
            self.bits = <BitGenerator*> PyCapsule_GetPointer(self.owner.capsule, "BitGenerator")

    def __next__(self):
        return self.next()

    cdef double next(self) except? -1.0:
        cdef double u
        if self.bits == NULL:
            return self.generator.random()
        # Another thread that draws many numbers holds the lock and not the GIL: NumPy's methods, too, wait for it.
        self.acquire()
        # In C, and of a kind that calls no Python: nothing is raised between the two.
        u = self.bits.next_double(self.bits.state)
        self.release()
        return u


def is_known(generator):
    """Whether `random` is NumPy's own and takes one double of a bit generator that is: a subclass may do otherwise."""
    # Who has a generator has imported this; who has none need not wait for it.
    from numpy.random import MT19937, PCG64, PCG64DXSM, SFC64, Generator, Philox

    return type(generator) is Generator and type(generator.bit_generator) in (PCG64, PCG64DXSM, MT19937, Philox, SFC64)
