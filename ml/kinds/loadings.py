"""What the components of a decomposition are made of, kept in SQL."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from ml.data.features import Encoder
from ml.judgement_tables import COMPONENTS
from ml.kinds.profiles import MISSING
from ml.model import Model
from ml.versions.registry import ModelVersion


def keep_components(conn: DuckDBPyConnection, version: ModelVersion, model: Model) -> None:
    """Keep the share of variance and the weights of each component of ``version``."""
    step, found = model.estimator[0], model.estimator[-1]
    columns = list(encoded_columns(model.encoder, step))
    rows = [
        (version.model, version.version, number, float(share), *column, float(weight))
        for number, (share, weights) in enumerate(
            zip(found.explained_variance_ratio_, found.components_, strict=True), start=1
        )
        for column, weight in zip(columns, weights, strict=True)
    ]
    conn.executemany(f"insert into {COMPONENTS.sql} values (?, ?, ?, ?, ?, ?, ?)", rows)


def encoded_columns(encoder: Encoder, step: Any) -> Iterator[tuple[str, str | None]]:
    """Yield the feature, and of a flag its value, of each column that the fitted ``step`` makes."""
    for name, inner, columns in step.transformers_:
        features = [encoder.features[at] for at in columns]
        if name == "numbers" and features:
            fill = inner[0]
            kept = np.flatnonzero(~np.isnan(fill.statistics_))
            yield from ((features[at].name, None) for at in kept)
            yield from ((features[at].name, MISSING) for at in fill.indicator_.features_)
        elif name == "categories" and features:
            for feature, codes in zip(features, inner.categories_, strict=True):
                for code in codes:
                    known = None if np.isnan(code) else feature.categories[int(code)]
                    yield feature.name, MISSING if known is None else known
