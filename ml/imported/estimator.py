"""An imported model as an estimator: asked as scikit-learn's are, answered by ONNX Runtime."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.features import Inputs
from ml.errors import PipelineError
from ml.evaluation.metrics import Array
from ml.imported.binding import Input
from ml.imported.session import NotRun, open_session

# Asked for so many rows at once, whatever a batch has: what is between the layers is for as many.
AT_ONCE = 8_192
# Probabilities in single precision sum to one within so much.
_NEAR_ONE = 1e-3
_DTYPES = {
    "tensor(bool)": np.bool_,
    "tensor(double)": np.float64,
    "tensor(float)": np.float32,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


@dataclass(frozen=True)
class Imported:
    """The bytes of an ONNX model and how they are asked.

    ``what`` it tells (`probabilities`, `label` or `number`) is its ``output``; ``features`` name
    the columns of a matrix, ``classes`` the label's values in its order, and ``columns`` says
    which column of the probabilities is that of each class. ``name`` is the file, for errors.
    """

    content: bytes
    name: str
    inputs: tuple[Input, ...]
    what: str
    output: str
    features: tuple[str, ...]
    classes: tuple[str, ...] = ()
    columns: tuple[int, ...] = ()

    @cached_property
    def _session(self) -> Any:
        try:
            return open_session(self.content)
        except NotRun as wrong:
            raise self._refused(str(wrong)) from None

    def predict_proba(self, matrix: Inputs) -> Array:
        """Return probabilities [rows, classes]; of a model that tells labels alone 1 and 0.

        Raises PipelineError for what is no probability or no class, and for a row it cannot take.
        """
        parts = [np.zeros((0, len(self.classes)))]
        read = self._of_labels if self.what == "label" else self._of_probabilities
        parts += [read(told) for told in self._told(matrix)]
        return np.concatenate(parts)

    def predict(self, matrix: Inputs) -> Array:
        """Return the numbers told [rows]; raises as :meth:`predict_proba` does."""
        parts = [np.zeros(0)]
        for rows, told in self._told(matrix):
            numbers = np.asarray(told, dtype=np.float64)
            if numbers.size != rows or not np.isfinite(numbers).all():
                raise self._refused(
                    f"its output '{self.output}' has the shape {numbers.shape} for {rows} rows, or "
                    "is not finite; allowed: one finite number a row"
                )
            parts.append(numbers.reshape(rows))
        return np.concatenate(parts)

    def _told(self, matrix: Inputs) -> Iterator[tuple[int, Any]]:
        """Yield how many rows there are and what the output is, some rows at a time."""
        for start in range(0, len(matrix), AT_ONCE):
            rows = matrix[start : start + AT_ONCE]
            given = {each.name: self._given(each, rows) for each in self.inputs}
            try:
                (told,) = self._session.run([self.output], given)
            except Exception as error:  # the runtime's errors share no class of their own
                raise self._refused(str(error).strip().splitlines()[0]) from error
            yield len(rows), told

    def _given(self, each: Input, rows: Inputs) -> npt.NDArray[Any]:
        """Return what input ``each`` takes of ``rows``, in its own type."""
        values = rows[:, list(each.columns)]
        if each.type == "tensor(string)":
            taken: npt.NDArray[Any] = np.where(values == None, "", values)  # noqa: E711
        else:
            taken = np.asarray(values, dtype=np.float64)
            if each.type not in ("tensor(double)", "tensor(float)"):
                self._check_whole(each, taken)
            taken = taken.astype(_DTYPES[each.type])
        return taken[:, 0] if each.flat else taken

    def _check_whole(self, each: Input, values: Array) -> None:
        wrong = np.argwhere(~(np.isfinite(values) & (np.floor(values) == values)))
        if len(wrong):
            row, column = wrong[0]
            met = values[row, column]
            raise self._refused(
                f"its input '{each.name}' takes {each.type}, and feature "
                f"'{self.features[each.columns[column]]}' is "
                f"{'missing' if np.isnan(met) else f'{met:g}'} in a row; allowed: whole numbers",
                "fill it in the SQL of the table or by train.transform (coalesce)",
            )

    def _of_probabilities(self, told: tuple[int, Any]) -> Array:
        rows, values = told[0], np.asarray(told[1], dtype=np.float64)
        if len(self.classes) == 2 and values.size == rows:
            second = values.reshape(rows)
            values = np.stack([1 - second, second], axis=1)
        shape = (rows, len(self.classes))
        if values.shape != shape:
            raise self._refused(
                f"its output '{self.output}' has the shape {values.shape}; allowed: {shape}, for "
                f"the label has the classes {', '.join(self.classes)}"
            )
        off = np.abs(values.sum(axis=1) - 1) > _NEAR_ONE
        bad = off | ~((values >= 0) & (values <= 1)).all(axis=1)
        if bad.any():
            raise self._refused(
                f"its output '{self.output}' is no probability: {values[bad][0].tolist()} was met; "
                "allowed: from 0 to 1, one in sum",
                "let the model end in a softmax or a sigmoid, or name another output in "
                "estimator.outputs",
            )
        return values[:, list(self.columns)]

    def _of_labels(self, told: tuple[int, Any]) -> Array:
        rows, values = told[0], np.asarray(told[1]).reshape(-1)
        names = [str(each).lower() if values.dtype == np.bool_ else str(each) for each in values]
        unknown = [name for name in names if name not in self.classes]
        if unknown or len(names) != rows:
            raise self._refused(
                f"its output '{self.output}' tells {_first(unknown) or f'{len(names)} labels'} "
                f"of {rows} rows; allowed: one label a row of {', '.join(self.classes)}"
            )
        codes = [self.classes.index(name) for name in names]
        return np.eye(len(self.classes))[codes]

    def _refused(self, problem: str, fix: str = "") -> PipelineError:
        return PipelineError(
            f"{self.name} cannot tell: {problem}",
            fix=fix
            or "put another file in its place or fix estimator.inputs and "
            "estimator.outputs, then: goldloop train",
        )


def _first(names: Sequence[str]) -> str:
    return repr(names[0]) if names else ""
