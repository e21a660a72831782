"""How many cores scikit-learn may use: one for few rows, all to grow the trees of many."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.estimators.steps import last_step

FEW_ROWS = 20_000
_FORESTS = "sklearn.ensemble._forest"


def threads(rows: int) -> AbstractContextManager[object]:
    """Hold few rows to one thread.

    More gain nothing there, and where other processes want the cores OpenMP's threads spend
    seconds waiting for one another.
    """
    return threadpool_limits(limits=1) if rows < FEW_ROWS else nullcontext()


@contextmanager
def every_core(estimator: Any, rows: int) -> Iterator[None]:
    """Let a forest that is fitted to many rows grow its trees on every core.

    Asked, it adds them up in one thread: in more, their order and with it the last digit would
    change from one time to the next.
    """
    model = last_step(estimator)
    forest = type(model).__module__ == _FORESTS and rows >= FEW_ROWS
    try:
        if forest:
            model.set_params(n_jobs=-1)
        yield
    finally:
        if forest:
            model.set_params(n_jobs=None)
