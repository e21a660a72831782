"""Functions compiled to machine code by Numba, kept on disk for the next process."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Return ``function`` compiled when first called, without the interpreter's lock.

    The machine code is cached where NUMBA_CACHE_DIR says; without it in ``__pycache__`` beside the
    module, or in the user's cache folder where that cannot be written. The cache is of one
    processor model and one version of the source file. Where nothing can be written, every process
    compiles anew.
    """
    try:
        return _compiled(function, cache=True)
    except RuntimeError:
        # Numba found no folder it can write to.
        return _compiled(function, cache=False)


def _compiled(function: Kernel, *, cache: bool) -> Kernel:
    made: Kernel = numba.njit(function, nogil=True, cache=cache)
    return made
