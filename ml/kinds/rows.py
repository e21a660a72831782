"""What the kinds have in common that learn from features of rows and tell of rows, one by one."""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Source, find
from ml.data.checks import Grain, check_rows
from ml.data.dataset import Rows, TrainingSet
from ml.data.features import Encoder
from ml.data.holdout import Parts
from ml.data.transform import check_inputs, feature_column
from ml.earlier.kept import EarlierModel
from ml.images.left_out import LeftOut
from ml.kinds.kind import Learnt, Prepared
from ml.model import Model
from ml.relation import Relation
from ml.scoring.predictions import open_target
from ml.scoring.stream import told
from ml.spec import ModelSpec
from ml.versions import registry
from ml.versions.registry import ModelVersion

_AT_ONCE = 100_000
# Rows of photos are as large as the photos.
_PHOTOS_AT_ONCE = 256


@dataclass(frozen=True)
class FoundRows:
    """A training set found good: all of :class:`ml.kinds.kind.Material` but how it is fitted."""

    spec: ModelSpec
    found: TrainingSet

    @property
    def source(self) -> Source:
        """The training set's table."""
        return self.found.source

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.found.rows

    @property
    def decisive(self) -> Mapping[str, Any]:
        """The features, and whether earlier models are made."""
        features = [(each.name, each.type, each.expression) for each in self.found.features]
        asked = self.spec.score.as_feature
        as_feature = {"as_feature": asked.model_dump(mode="json")} if asked else {}
        return {"features": features, **as_feature}


def learnt_rows(found: TrainingSet, parts: Parts, encoder: Encoder, spec: ModelSpec) -> Learnt:
    """Return what a version keeps of a training on ``parts``; ``spec`` has the parameters found."""
    made = {each.name: each.sql for each in encoder.features if each.sql is not None}
    return Learnt(
        params=json.dumps(dict(spec.estimator.params), ensure_ascii=False),
        train_rows=len(parts.learnt.labels),
        made_up_rows=0 if parts.learnt.made_up is None else int(parts.learnt.made_up.sum()),
        test_rows=len(parts.held.labels),
        test_from=parts.test_from,
        label=found.label.name if found.label else None,
        label_type=found.label.type if found.label else None,
        features=encoder.to_json(),
        transform=json.dumps(made, ensure_ascii=False),
    )


def prepare_rows(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    version: ModelVersion,
    relations: Mapping[str, Relation],
    *,
    now: datetime,
    schema: str,
    written: Mapping[str, str],
    earlier: Sequence[EarlierModel] = (),
) -> Prepared:
    """Return what ``version`` tells of each row of ``spec.score.on``.

    ``written`` are the columns of what it tells, with their types. Raises what
    :meth:`ml.kinds.kind.Kind.prepare` raises.
    """
    model = registry.load(conn, version, spec.trusted)
    source = find(conn, relations, spec.score.on, "score.on", spec.file)
    key = [source.column(name, "score.key", spec.file) for name in spec.score.key]
    time = source.time(spec.score.time, "score.time", spec.file)
    check_inputs(source, model.encoder.features, version.name)
    rows = check_rows(conn, source, Grain(key, time, by_day=True), now)
    features = [
        feature_column(feature, source.columns).feature_sql for feature in model.encoder.features
    ]
    target = open_target(conn, spec, version, source.relation, key, time, features, written, schema)

    left_out: list[LeftOut] = []

    def batches(size: int) -> Generator[pa.RecordBatch]:
        size = min(size, _PHOTOS_AT_ONCE) if model.encoder.reads_images else size
        return told(conn, source, target, model, earlier, rows=rows, size=size, left_out=left_out)

    return Prepared(source, target, batches, left_out)


def largest_difference(kept: Sequence[Model], made: Sequence[Model], rows: Rows) -> float:
    """Return the largest difference of what any two models tell of any of ``rows``."""
    if len(kept) != len(made):
        return float("inf")
    largest = 0.0
    for pair in zip(kept, made, strict=True):
        for start in range(0, len(rows.labels), _AT_ONCE):
            part = rows.at[start : start + _AT_ONCE]
            told_by = [model.tell(model.encoder.encode(rows.table, at=part)) for model in pair]
            if told_by[0].shape != told_by[1].shape:
                return float("inf")
            largest = max(largest, float(np.max(np.abs(told_by[0] - told_by[1]), initial=0.0)))
    return largest
