"""A version as one SELECT that scores a table: CASE and arithmetic, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.anatomy import Ensemble, Linear, Opaque, Words, dissect
from ml.anatomy.cells import Plain
from ml.columns import Column
from ml.errors import UsageError
from ml.export.literals import chained, number
from ml.export.sql_inputs import cell_sql, encoded, weighted
from ml.export.sql_links import calibrated, decided, linked
from ml.export.sql_trees import tree_sql
from ml.model import Model

# How many terms one expression adds up; DuckDB parses 1,000 levels.
_TERMS = 100
_MOST_NODES = 500_000

Cte = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class Scored:
    """What a SELECT reads: a relation, and the column of it that gives each feature in order.

    ``kept`` are the columns it passes on, the expression of each by its quoted name; ``told`` is
    the type of the prediction.
    """

    relation: str
    features: Sequence[Column]
    kept: Mapping[str, str]
    told: str


def select_sql(model: Model, scored: Scored) -> str:
    """Return the SELECT that scores: the columns kept, then ``prediction`` and ``score``.

    Raises UsageError for an estimator that cannot be written as SQL.
    """
    kept = [f"{sql} as k{at}" for at, sql in enumerate(scored.kept.values())]
    ctes: list[Cte] = [("encoded", [*kept, *_encoded(model, scored.features)])]
    for columns in [*_raw(model), *_told(model)]:
        ctes.append((f"step_{len(ctes)}", columns))
    prediction, score = decided(model, "c" if model.calibration else "p", scored.told)
    names = [f"k{at} as {name}" for at, name in enumerate(scored.kept)]
    last = ctes[-1][0]
    final = [*names, f"{prediction} as prediction", f"{score} as score"]
    return f"{_with(ctes, scored.relation)}\nselect\n    {_listed(final)}\nfrom {last}\n"


def _with(ctes: Sequence[Cte], relation: str) -> str:
    told, before = [], relation
    for name, columns in ctes:
        every = columns if before == relation else ["*", *columns]
        told.append(f"{name} as (\n    select\n        {_listed(every, 8)}\n    from {before}\n)")
        before = name
    return "with " + ",\n".join(told)


def _listed(columns: Sequence[str], indent: int = 4) -> str:
    return (",\n" + " " * indent).join(columns)


def _encoded(model: Model, columns: Sequence[Column]) -> list[str]:
    pairs = zip(model.encoder.features, columns, strict=True)
    return [f"{encoded(feature, column)} as f{at}" for at, (feature, column) in enumerate(pairs)]


def _raw(model: Model) -> list[Sequence[str]]:
    """Return, a CTE each, what leads to the raw scores ``m0``, ``m1`` and so on."""
    try:
        anatomy = dissect(model)
    except Opaque as opaque:
        raise _refusal(str(opaque)) from None
    if isinstance(anatomy, Words):
        raise _refusal("an estimator of texts")
    if isinstance(anatomy, Linear):
        return _linear(anatomy)
    return _trees(anatomy)


def _refusal(what: str) -> UsageError:
    return UsageError(
        f"{what} cannot be written as SQL; allowed: linear models, trees and forests, "
        "boosted trees",
        fix="export it to ONNX (--to onnx), or score it here: goldloop score",
    )


def _linear(anatomy: Linear) -> list[Sequence[str]]:
    sums = [
        [*weighted(anatomy.columns, weights), number(intercept)]
        for weights, intercept in zip(anatomy.weights, anatomy.intercept, strict=True)
    ]
    return _added(sums)


def _trees(anatomy: Ensemble) -> list[Sequence[str]]:
    nodes = sum(len(tree.feature) for tree in anatomy.trees)
    if nodes > _MOST_NODES:
        raise _refusal(f"a model of {nodes:,} nodes (the most is {_MOST_NODES:,})")
    computed = [
        f"{cell_sql(cell)} as x{at}"
        for at, cell in enumerate(anatomy.columns)
        if not isinstance(cell, Plain)
    ]
    names = [
        f"f{cell.feature}" if isinstance(cell, Plain) else f"x{at}"
        for at, cell in enumerate(anatomy.columns)
    ]
    cases, sums = [], [[number(base)] for base in anatomy.base]
    for at, tree in enumerate(anatomy.trees):
        for output in _outputs(anatomy, tree.value.shape[1]):
            name = f"t{at}_{output}"
            cases.append(f"{tree_sql(tree, output, names)} as {name}")
            sums[tree.first + output].append(name)
    told = [sums[1]] if _outputs(anatomy, 2) == [1] else sums
    return [*([computed] if computed else []), cases, *_added(told, first=len(sums) - len(told))]


def _outputs(anatomy: Ensemble, width: int) -> list[int]:
    """Return the outputs of a tree that matter: of two classes' shares the second."""
    of_two = anatomy.link == "proportion" and len(anatomy.base) == 2
    return [1] if of_two else list(range(width))


def _added(sums: Sequence[list[str]], first: int = 0) -> list[Sequence[str]]:
    """Return the CTEs that add up each of ``sums`` from left to right, some terms at a time."""
    longest = max(map(len, sums))
    steps = []
    for start in range(0, longest, _TERMS):
        last = start + _TERMS >= longest
        step = []
        for at, terms in enumerate(sums, start=first):
            before = [] if start == 0 else [f"s{at}_{start - _TERMS}"]
            name = f"m{at}" if last else f"s{at}_{start}"
            step.append(f"{chained([*before, *terms[start : start + _TERMS]])} as {name}")
        steps.append(step)
    return list(steps)


def _told(model: Model) -> list[Sequence[str]]:
    anatomy = dissect(model)
    assert not isinstance(anatomy, Words)  # refused before
    outputs = len(anatomy.intercept) if isinstance(anatomy, Linear) else len(anatomy.base)
    divisor = 1 if isinstance(anatomy, Linear) else anatomy.divisor
    steps: list[Sequence[str]] = list(linked(anatomy.link, outputs, divisor))
    if model.calibration:
        steps += calibrated(model.calibration, len(model.classes))
    return steps
