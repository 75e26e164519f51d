"""The memory of an ndarray, so that no header of NumPy is needed to build and no buffer to be asked for.

It is part of NumPy's ABI: the first fields of `PyArrayObject_fields`, which the macros of its headers have put into every extension
since version 1.7. Who reads it makes sure, at import, that it holds what NumPy says.
"""

cdef extern from *:
    """
    typedef struct {
        PyObject_HEAD
        char *data;
        int nd;
        Py_ssize_t *dimensions;
        Py_ssize_t *strides;
        PyObject *base;
        void *descr;
        int flags;
    } thermonucleus_array;
    /* NPY_ARRAY_C_CONTIGUOUS and NPY_ARRAY_ALIGNED */
    #define THERMONUCLEUS_IN_ORDER 0x0101
    """
    ctypedef struct Array "thermonucleus_array":
        char* data
        int nd
        Py_ssize_t* dimensions
        void* descr
        int flags
    cdef enum:
        IN_ORDER "THERMONUCLEUS_IN_ORDER"
