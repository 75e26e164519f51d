/* The Python module: `Sampler(temperature, top_k, top_p, seed)`, whose methods take NumPy arrays as they are.

   A call goes to the method by METH_O, which finds the logits in the array's struct: the least that a call from Python can take. */
#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>

#include <new>

#include "sampler.h"

namespace {

struct Object {
    PyObject_HEAD
    one_read::Sampler* sampler;
    long reserved;
};

constexpr npy_intp LONGEST = 1 << 24;

void make_room(Object* self, npy_intp size) {
    if (size <= self->reserved) return;
    self->sampler->reserve(size);
    self->reserved = size;
}

/* The array as float32 in order, of so many dimensions, with room for its rows; or an error. */
PyArrayObject* checked(Object* self, PyObject* given, int dimensions) {
    if (!PyArray_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "an array is wanted");
        return nullptr;
    }
    auto* array = reinterpret_cast<PyArrayObject*>(given);
    if (PyArray_TYPE(array) != NPY_FLOAT32 || PyArray_NDIM(array) != dimensions || !PyArray_ISCARRAY_RO(array)) {
        PyErr_SetString(PyExc_TypeError, "contiguous float32 is wanted: a batch to draw from, a row for its cutoff");
        return nullptr;
    }
    const npy_intp size = PyArray_DIM(array, dimensions - 1);
    if (size < 1 || size > LONGEST) {
        PyErr_SetString(PyExc_ValueError, "rows of 1 to 16,777,216 logits are wanted");
        return nullptr;
    }
    make_room(self, size);
    return array;
}

template <class Work>
PyObject* guarded(Work work) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
        return nullptr;
    }
}

PyObject* reserve(PyObject* object, PyObject* given) {
    return guarded([&]() -> PyObject* {
        auto* self = reinterpret_cast<Object*>(object);
        const long size = PyLong_AsLong(given);
        if (size == -1 && PyErr_Occurred()) return nullptr;
        if (size > LONGEST) {
            PyErr_SetString(PyExc_ValueError, "rows of so many logits are not for this sampler");
            return nullptr;
        }
        make_room(self, size);
        Py_RETURN_NONE;
    });
}

PyObject* draw(PyObject* object, PyObject* given) {
    return guarded([&]() -> PyObject* {
        auto* self = reinterpret_cast<Object*>(object);
        PyArrayObject* batch = checked(self, given, 2);
        if (!batch) return nullptr;
        const npy_intp rows = PyArray_DIM(batch, 0), size = PyArray_DIM(batch, 1);
        const auto* row = static_cast<const float*>(PyArray_DATA(batch));
        PyObject* drawn = PyList_New(rows);
        for (npy_intp i = 0; drawn && i < rows; ++i, row += size) {
            PyObject* token = guarded([&] { return PyLong_FromUnsignedLong(self->sampler->draw(row, size)); });
            if (!token) {
                Py_CLEAR(drawn);
                break;
            }
            PyList_SET_ITEM(drawn, i, token);
        }
        return drawn;
    });
}

PyObject* cutoff(PyObject* object, PyObject* given) {
    return guarded([&]() -> PyObject* {
        auto* self = reinterpret_cast<Object*>(object);
        PyArrayObject* row = checked(self, given, 1);
        if (!row) return nullptr;
        return PyFloat_FromDouble(self->sampler->cutoff(static_cast<const float*>(PyArray_DATA(row)), PyArray_DIM(row, 0)));
    });
}

PyObject* counts(PyObject* object, PyObject*) {
    const auto* sampler = reinterpret_cast<Object*>(object)->sampler;
    return Py_BuildValue("{s:l,s:l,s:l,s:l}", "rows", sampler->rows, "read_twice", sampler->read_twice, "searched_widely",
                         sampler->searched_widely, "searched_wholly", sampler->searched_wholly);
}

PyMethodDef methods[] = {
    {"draw", draw, METH_O, "Draw a token from each row of a batch."},
    {"reserve", reserve, METH_O, "Allocate memory for rows of so many logits."},
    {"cutoff", cutoff, METH_O, "Tell the lowest logit of a row that is kept."},
    {"counts", counts, METH_NOARGS, "Tell how many rows came, and how many took more than one read."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject*) {
    double temperature, top_p;
    long top_k;
    unsigned long long seed;
    if (!PyArg_ParseTuple(arguments, "dldK", &temperature, &top_k, &top_p, &seed)) return nullptr;
    if (!(temperature > 0.0) || !(top_p > one_read::SLACK && top_p < 1.0)) {
        PyErr_SetString(PyExc_ValueError, "temperature must be above 0, top_p between 0 and 1");
        return nullptr;
    }
    PyObject* object = type->tp_alloc(type, 0);
    if (!object) return nullptr;
    auto* self = reinterpret_cast<Object*>(object);
    self->sampler = new (std::nothrow) one_read::Sampler(temperature, top_k, top_p, seed);
    if (!self->sampler) {
        Py_DECREF(object);
        return PyErr_NoMemory();
    }
    return object;
}

void destroy(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    delete reinterpret_cast<Object*>(object)->sampler;
    type->tp_free(object);
    Py_DECREF(type);
}

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(create)},
    {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec specification = {"one_read.Sampler", sizeof(Object), 0, Py_TPFLAGS_DEFAULT, slots};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "one_read", nullptr, -1, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_one_read() {
    import_array();
    PyObject* module = PyModule_Create(&definition);
    if (!module) return nullptr;
    PyObject* type = PyType_FromSpec(&specification);
    if (!type || PyModule_AddObject(module, "Sampler", type) < 0) {
        Py_XDECREF(type);
        Py_DECREF(module);
        return nullptr;
    }
    return module;
}
