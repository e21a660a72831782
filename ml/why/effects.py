"""What each feature of one row adds to its score, under one version and under another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import issparse

from ml.data.features import Feature
from ml.errors import UsageError
from ml.explain import Explainer
from ml.model import Model
from ml.why.answer import Moved


@dataclass(frozen=True)
class Explained:
    """One row under one version: its score, its raw score, what each name adds."""

    score: float
    margin: float | None
    base: float | None
    effects: Mapping[str, float]


def explainer_of(model: Model) -> Explainer | None:
    """Return what explains ``model``; None for an estimator that cannot be explained."""
    try:
        return Explainer(model)
    except UsageError:
        return None


def comparable(explainer: Explainer | None, before: Model) -> bool:
    """Whether the raw scores of two versions are on one scale."""
    other = explainer_of(before)
    return explainer is not None and other is not None and other.space == explainer.space


def class_told(model: Model, rows: pa.Table) -> str | None:
    """Return the class whose score is explained: the positive one of two, else the one told."""
    if not model.classes:
        return None
    if len(model.classes) == 2:
        return model.classes[1]
    code = model.decide(model.tell(model.encoder.encode(rows)))[0]
    return model.classes[int(code)]


def explained(
    model: Model, explainer: Explainer | None, rows: pa.Table, class_: str | None
) -> Explained:
    """Explain the one row of ``rows`` under ``model``: its score of ``class_``."""
    inputs = model.encoder.encode(rows)
    told = model.tell(inputs)
    if class_ is None:
        code, score = 0, float(told[0])
    elif class_ in model.classes:
        code = model.classes.index(class_)
        score = float(told[0, code])
    else:  # an earlier version did not know the class
        return Explained(0.0, None, None, {})
    if explainer is None:
        return Explained(score, None, None, {})
    found = explainer.explain(inputs, np.array([code]))
    row: Any = found.contributions[0]
    effects = np.asarray(row.todense() if issparse(row) else row).reshape(-1)
    named = {found.names[at]: float(effects[at]) for at in np.flatnonzero(effects)}
    return Explained(score, float(found.margin[0]), float(found.base[found.output[0]]), named)


def moved(
    features: Sequence[Feature],
    made: Explained,
    old: Explained | None,
    rows: pa.Table,
    old_rows: pa.Table | None,
) -> list[Moved]:
    """Return what each feature adds and how that moved; what moved most comes first."""
    now = _values(features, rows)
    then = _values(features, old_rows) if old_rows is not None else {}
    names = list(dict.fromkeys([*made.effects, *(old.effects if old else ()), *now]))
    found = []
    for name in names:
        effect = made.effects.get(name, 0.0)
        change = effect - old.effects.get(name, 0.0) if old else None
        found.append(Moved(name, then.get(name), now.get(name), effect, change))
    return sorted(found, key=lambda each: (-abs(each.moved or 0.0), -abs(each.effect)))


def _values(features: Sequence[Feature], rows: pa.Table) -> dict[str, Any]:
    """Return the values by feature; a text counts by its words, which have none."""
    return {
        feature.name: _value(feature, rows.column(at)[0].as_py())
        for at, feature in enumerate(features)
        if feature.kind != "text"
    }


def _value(feature: Feature, value: Any) -> Any:
    return bool(value) if feature.kind == "boolean" and value is not None else value
