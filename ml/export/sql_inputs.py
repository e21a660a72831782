"""The encoder and the steps before an estimator as SQL expressions."""

from collections.abc import Sequence
from itertools import groupby

from ml.anatomy.cells import Cell, Filled, Is, Missing, Plain, Scaled
from ml.columns import Column
from ml.data.features import Feature
from ml.evaluation.metrics import Array
from ml.export.literals import number, text


def encoded(feature: Feature, column: Column) -> str:
    """Return ``feature``, read from ``column``, as the encoder gives it.

    A double or a code, null for missing. NaN counts as missing, as does a category without a code.
    """
    if feature.kind != "category":
        return f"nullif({column.feature_sql}, cast('NaN' as double))"
    if not feature.categories:
        return "cast(null as integer)"
    cases = " ".join(f"when {text(each)} then {at}" for at, each in enumerate(feature.categories))
    return f"case {column.feature_sql} {cases} end"


def cell_sql(cell: Cell) -> str:
    """Return ``cell`` as an expression of the encoded features ``f0``, ``f1`` and so on."""
    if isinstance(cell, Plain):
        return f"f{cell.feature}"
    inner = cell_sql(cell.of)
    if isinstance(cell, Filled):
        return f"coalesce({inner}, {number(cell.fill)})"
    if isinstance(cell, Missing):
        return f"case when {inner} is null then 1e0 else 0e0 end"
    if isinstance(cell, Scaled):
        return f"({inner} - {number(cell.mean)}) / {number(cell.scale)}"
    return f"case when {_equals(inner, cell)} then 1e0 else 0e0 end"


def weighted(cells: Sequence[Cell], weights: Array) -> list[str]:
    """Return the terms of a weighted sum; the columns of one category are one CASE."""
    terms = []
    pairs = zip(cells, weights, strict=True)
    for owner, group in groupby(pairs, lambda pair: _owner(pair[0])):
        found = list(group)
        if owner is None:
            terms += [f"({cell_sql(cell)}) * {number(weight)}" for cell, weight in found]
        else:
            terms.append(_chosen(cell_sql(owner), found))
    return terms


def _owner(cell: Cell) -> Cell | None:
    return cell.of if isinstance(cell, Is) else None


def _chosen(inner: str, found: Sequence[tuple[Cell, float]]) -> str:
    cases = " ".join(
        f"when {_equals(inner, cell)} then {number(weight)}"
        for cell, weight in found
        if isinstance(cell, Is)
    )
    return f"case {cases} else 0e0 end"


def _equals(inner: str, cell: Is) -> str:
    is_missing = cell.value != cell.value
    return f"{inner} is null" if is_missing else f"{inner} = {number(cell.value)}"
