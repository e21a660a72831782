"""Scoring compiled to machine code: trees bit for bit as scikit-learn, linear models as one sum.

A model is taken apart (:mod:`ml.anatomy`), laid out in arrays, and walked by Numba kernels that are
cached on disk. What cannot be taken apart is told by scikit-learn itself.
"""

from ml.compiled.compile import Compiled, compiled

__all__ = ["Compiled", "compiled"]
