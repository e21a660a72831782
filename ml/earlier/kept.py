"""The table ``ml.earlier_models``: the earlier models of each version, kept and loaded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from ml.data.features import Encoder
from ml.declaration.trust import NOBODY, Trust
from ml.fitting.calibration import Calibration
from ml.model import Model
from ml.tables import EARLIER_MODELS, exists
from ml.versions import artifact
from ml.versions.registry import ModelVersion


@dataclass(frozen=True)
class EarlierModel:
    """A model of ``rows`` rows, none later than ``learnt_until``, that tells from a moment on.

    Both moments are naive UTC. ``model`` is None for the version itself, which is the last one.
    """

    tells_from: datetime
    learnt_until: datetime
    rows: int
    model: Model | None


def keep_earlier(
    conn: DuckDBPyConnection,
    version: ModelVersion,
    made: Sequence[EarlierModel],
    trust: Trust = NOBODY,
) -> None:
    """Keep ``made`` as the earlier models of ``version``, in the order they tell.

    Raises PipelineError naming what of a model cannot be kept, see :mod:`ml.versions.artifact`.
    """
    conn.execute(
        f"delete from {EARLIER_MODELS.sql} where model = ? and version = ?",
        [version.model, version.version],
    )
    for number, each in enumerate(made, start=1):
        values = [version.model, version.version, number]
        values += [each.tells_from, each.learnt_until, each.rows]
        values += [None] * 5 if each.model is None else _written(each.model, version.name, trust)
        conn.execute(
            f"insert into {EARLIER_MODELS.sql} (model, version, number, tells_from, learnt_until, "
            "rows, features, calibration, threshold, artifact, artifact_sha256) "
            f"values ({', '.join('?' * len(values))})",
            values,
        )


def _written(model: Model, name: str, trust: Trust) -> list[object]:
    """Return the columns of ``model``: features, calibration, threshold, artifact, its sha256."""
    data = artifact.dump(model.estimator, of=f"an earlier model of {name}", trust=trust)
    calibration = model.calibration.to_json() if model.calibration else None
    return [model.encoder.to_json(), calibration, model.threshold, data, artifact.sha256(data)]


def load_earlier(
    conn: DuckDBPyConnection, version: ModelVersion, trust: Trust = NOBODY
) -> list[EarlierModel]:
    """Return the earlier models of ``version`` in the order they tell, itself last.

    A version trained before they were asked for is alone, and tells from its first time held
    out; nothing is returned where it held out no time, for no row is known to be later than what
    it learnt from. Raises PipelineError when an artifact is not to be trusted or read.
    """
    rows = _rows(conn, version)
    if not rows:
        return _alone(version)
    return [
        EarlierModel(start, until, many, _model(version, kept, trust) if kept[-1] else None)
        for start, until, many, *kept in rows
    ]


def whole(conn: DuckDBPyConnection, version: ModelVersion) -> bool:
    """Whether each artifact of the earlier models of ``version`` is what was recorded."""
    kept = (row[-2:] for row in _rows(conn, version) if row[-1] is not None)
    return all(data is not None and artifact.sha256(data) == digest for data, digest in kept)


def same(
    conn: DuckDBPyConnection,
    version: ModelVersion,
    made: Sequence[EarlierModel],
    trust: Trust = NOBODY,
) -> bool:
    """Whether ``made`` are, to the byte, the earlier models kept with ``version``."""
    kept = [(*row[:-2], row[-1]) for row in _rows(conn, version)]
    again = []
    for each in made:
        values = _written(each.model, version.name, trust) if each.model else [None] * 5
        again.append((each.tells_from, each.learnt_until, each.rows, *values[:-2], values[-1]))
    return kept == again


def _rows(conn: DuckDBPyConnection, version: ModelVersion) -> list[tuple[Any, ...]]:
    if not exists(conn, EARLIER_MODELS):
        return []
    return conn.execute(
        "select tells_from, learnt_until, rows, features, calibration, threshold, artifact, "
        f"artifact_sha256 from {EARLIER_MODELS.sql} where model = ? and version = ? "
        "order by number",
        [version.model, version.version],
    ).fetchall()


def _alone(version: ModelVersion) -> list[EarlierModel]:
    """Return ``version`` by itself, with the latest time it can have learnt from."""
    if version.test_from is None:
        return []
    embargo = json.loads(version.spec)["train"]["split"]["embargo_days"]
    until = version.test_from - timedelta(days=embargo, microseconds=1)
    return [EarlierModel(version.test_from, until, version.train_rows, None)]


def _model(version: ModelVersion, kept: Sequence[Any], trust: Trust) -> Model:
    features, calibration, threshold, data, digest = kept
    estimator = artifact.load(
        data or b"",
        digest=digest,
        libraries=json.loads(version.libraries),
        of=f"an earlier model of {version.name}",
        trust=trust,
    )
    return Model(
        Encoder.from_json(features),
        estimator,
        version.task,
        tuple(json.loads(version.classes)),
        Calibration.from_json(calibration) if calibration else None,
        threshold,
    )
