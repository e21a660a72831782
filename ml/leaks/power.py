"""What each feature by itself tells of the label on the rows learnt from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml.columns import Column
from ml.data.dataset import Rows, TrainingSet
from ml.evaluation.metrics import Array, Codes
from ml.leaks import telling
from ml.leaks.parts import Part, purest

MOST_ROWS = 200_000
Flags = npt.NDArray[np.bool_]
# The values of a column by their codes; one of which only is looked at whether it is there.
Known = Sequence[object] | Array
_THERE: Known = ("",)
Signal = Literal["value", "missing", "part"]


@dataclass(frozen=True)
class Power:
    """How well one ``signal`` of ``feature`` tells the label; ``low`` is its 95 % interval's end.

    ``value`` is what it is equal to or how it is ordered, ``missing`` whether it is there; ``part``
    is the share of one class, ``told``, among the rows where it ``part``, such as "is missing".
    ``metric`` is roc_auc, spearman or, for ``part``, share.
    """

    feature: str
    signal: Signal
    metric: str
    met: float
    low: float
    rows: int
    told: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class _Label:
    """The label of the rows looked at: class positions, or numbers where ``classes`` is empty."""

    values: Codes | Array
    classes: tuple[str, ...]
    held: Flags

    @property
    def codes(self) -> Codes:
        return np.asarray(self.values, dtype=np.int64)

    @property
    def numbers(self) -> Array:
        return np.asarray(self.values, dtype=np.float64)

    def take(self, there: Flags) -> "_Label":
        return _Label(self.values[there], self.classes, self.held[there])


def powers(found: TrainingSet, rows: Rows, seed: int, reads_text: bool) -> list[Power]:
    """Return, for each feature of ``rows``, what its value and its being missing tell.

    At most 200,000 rows are looked at, drawn by ``seed``. What depends on values being equal is
    learnt on one half of them and judged on the other. Of documents (``reads_text``) only whether
    they are missing is looked at.
    """
    random = np.random.default_rng(seed)
    at = np.arange(len(rows.at))
    if len(at) > MOST_ROWS:
        at = np.sort(random.choice(at, MOST_ROWS, replace=False))
    held = np.zeros(len(at), dtype=bool)
    held[random.permutation(len(at))[: len(at) // 2]] = True
    label = _Label(rows.labels[at], found.classes, held)
    both = zip(found.features, rows.table.columns, strict=True)
    return [
        power
        for column, values in both
        for power in _of_one(column, values.take(pa.array(rows.at[at])), label, reads_text)
    ]


def _of_one(
    column: Column, values: pa.ChunkedArray, label: _Label, reads_text: bool
) -> Iterator[Power]:
    if column.kind == "photo":
        return  # a row without a photo is left out, and no two photos are held against one another
    lacking = np.asarray(pc.is_null(values, nan_is_null=True).to_numpy(zero_copy_only=False))
    is_document = reads_text and column.kind == "text"
    if not is_document:
        yield _of_value(column, values, ~lacking, label)
    if lacking.any() and not lacking.all():
        yield _of_missing(column.name, lacking, label)
    if label.classes and not (is_document and lacking.all()):
        yield _of_parts(column, None if is_document else values, lacking, label)


def _of_value(column: Column, values: pa.ChunkedArray, there: Flags, label: _Label) -> Power:
    """Judge a number by its order where it is there, and anything by what it is equal to."""
    metric = "roc_auc" if label.classes else "spearman"
    if column.kind == "text":
        met = _by_share(_text_codes(values)[0], label)
    else:
        numbers = np.asarray(values.to_numpy(), dtype=np.float64)
        met = _by_order(numbers[there], label.take(there))
        if label.classes:
            by_share = _by_share(telling.coded(numbers, ~label.held), label)
            met = max(met, by_share, key=lambda each: each[1])
    return Power(column.name, "value", metric, *met, len(there))


def _by_order(values: Array, label: _Label) -> telling.Met:
    if not label.classes:
        return telling.order_correlation(values, label.numbers)
    if len(label.classes) > 2:
        return 0.5, 0.0  # numbers have one order, more than two classes have none
    return telling.order_auc(values, label.codes == 1)


def _by_share(codes: Codes, label: _Label) -> telling.Met:
    if label.classes:
        return telling.share_auc(codes, label.codes, len(label.classes), label.held)
    return telling.share_correlation(codes, label.numbers, label.held)


def _text_codes(values: pa.ChunkedArray) -> tuple[Codes, Known]:
    """Return a code per row, the last for a missing one, and the value of each other code."""
    known = pc.unique(values).drop_null()
    codes = pc.fill_null(pc.index_in(values, value_set=known), len(known))
    return np.asarray(codes.to_numpy(), dtype=np.int64), known


def _number_codes(values: pa.ChunkedArray) -> tuple[Codes, Known]:
    numbers = np.asarray(values.to_numpy(), dtype=np.float64)
    there = ~np.isnan(numbers)
    known, at = np.unique(numbers[there], return_inverse=True)
    codes = np.full(len(numbers), len(known), dtype=np.int64)
    codes[there] = at
    return codes, known


def _of_missing(feature: str, lacking: Flags, label: _Label) -> Power:
    metric = "roc_auc" if label.classes else "spearman"
    if label.classes:
        # Whether it is there has two values: of more than two classes each is told by one of them.
        met = _by_share(lacking.astype(np.int64), label)
        if len(label.classes) == 2:
            met = telling.order_auc(lacking.astype(np.float64), label.codes == 1)
    else:
        met = telling.order_correlation(lacking.astype(np.float64), label.numbers)
    return Power(feature, "missing", metric, *met, len(lacking))


def _of_parts(
    column: Column, values: pa.ChunkedArray | None, lacking: Flags, label: _Label
) -> Power:
    """Judge what one class has to itself; without ``values``, being there and being missing."""
    is_text = values is not None and column.kind == "text"
    codes, known = lacking.astype(np.int64), _THERE
    if values is not None:
        codes, known = _text_codes(values) if is_text else _number_codes(values)
    many = len(label.classes)
    found = purest(codes, label.codes, many, label.held, len(known), is_text)
    told = label.classes[found.told]
    words = _words(found, known)
    return Power(column.name, "part", "share", found.met, found.low, found.rows, told, words)


def _words(part: Part, known: Known) -> str:
    """Say which rows ``part`` has."""
    first = part.codes[0]
    if first == len(known):
        return "is there" if part.rest else "is missing"
    if known is _THERE:
        return "is missing" if part.rest else "is there"
    value = f"{known[first]:g}" if isinstance(known[first], float) else f"'{known[first]}'"
    if len(part.codes) > 1:
        return f"is one of {len(part.codes)} values such as {value}"
    return f"is{' not' if part.rest else ''} {value}"
