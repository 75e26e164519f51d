"""Build the example: ``python setup.py build_ext --inplace``, with Cython, setuptools and thermonucleus installed."""

from Cython.Build import cythonize
from setuptools import setup

setup(name="batch", ext_modules=cythonize("batch.pyx"))
