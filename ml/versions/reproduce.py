"""Training a version again, from what it was trained on, and comparing what comes out."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from duckdb import DuckDBPyConnection

from ml.data.checks import content_hash
from ml.data.dataset import Rows, TrainingSet, find_training_set, read
from ml.data.holdout import hold_out
from ml.earlier.kept import load_earlier, same
from ml.earlier.making import make_earlier
from ml.errors import PipelineError
from ml.fitting.fit import fit_model
from ml.fitting.tuning import Tell, with_params
from ml.model import Model
from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.versions import artifact, code, registry
from ml.versions.registry import ModelVersion

_AT_ONCE = 100_000


@dataclass(frozen=True)
class Reproduction:
    """What came of training a version again.

    ``same_data`` is whether the training set holds the values it was trained on; without them
    nothing is trained. ``libraries`` are those that differ, name by (then, now). ``same_bytes`` is
    whether artifact, encoder, calibration and threshold are equal, those of its earlier models
    too; where they are not, ``largest_difference`` is the largest one of what both tell of any row
    of the training set, None where a kept artifact cannot be read.
    """

    version: str
    same_data: bool
    same_bytes: bool
    libraries: Mapping[str, tuple[str | None, str | None]]
    largest_difference: float | None
    rows: int
    why: str | None = None

    @property
    def reproduced(self) -> bool:
        """Whether the same version came out, to the byte or to the last prediction."""
        return self.same_bytes or self.largest_difference == 0.0


def declared(
    version: ModelVersion, folder: Path | None = None, trust: tuple[str, ...] = ()
) -> ModelSpec:
    """Return the declaration ``version`` was trained by, with the parameters that were found.

    ``folder`` and ``trust`` are the project's, see :func:`ml.spec.parse_spec`.
    The search for them is not made again: by minutes it might find others.
    """
    kept = json.loads(version.spec)
    name, file = kept.pop("name"), kept.pop("file")
    kept.pop("tune", None)
    spec = parse_spec(name, kept, file=file, folder=folder, trust=trust)
    return with_params(spec, json.loads(version.params))


def reproduce(
    conn: DuckDBPyConnection,
    version: ModelVersion,
    relations: Mapping[str, Relation],
    tell: Tell = lambda _: None,
    *,
    folder: Path | None = None,
    trust: tuple[str, ...] = (),
) -> Reproduction:
    """Train ``version`` again on the warehouse ``conn`` that holds it and what it was trained on.

    ``conn`` may be read-only; nothing is written. ``relations`` maps the names of dbt models to
    their tables. Raises UsageError or PipelineError where the training set is not there or no
    longer fits the declaration.
    """
    spec = declared(version, folder, trust)
    found = find_training_set(conn, spec, relations, version.created_at)
    libraries = _differing(version, spec)
    content = content_hash(conn, found.source, list(found.source.columns.values()))
    if content != version.data_hash:
        why = _other_data(version, found, libraries)
        return Reproduction(version.name, False, False, libraries, None, found.rows, why)
    rows = read(conn, found)
    parts = hold_out(spec, found, rows)
    model = fit_model(spec, found, parts, tell).model
    earlier = make_earlier(spec, found, parts, tell)
    alike = _is_same(version, spec, model)
    if alike and same(conn, version, earlier, spec.trusted):
        return Reproduction(version.name, True, True, libraries, 0.0, found.rows)
    try:
        kept = [registry.load(conn, version, spec.trusted)]
        kept += (each.model for each in load_earlier(conn, version, spec.trusted) if each.model)
    except PipelineError as error:
        return Reproduction(version.name, True, False, libraries, None, found.rows, error.problem)
    tell(f"comparing what both tell of {found.rows:,} rows")
    difference = _largest_difference(kept, [model, *(e.model for e in earlier if e.model)], rows)
    why = "the earlier models came out otherwise" if alike else _why(version, model)
    return Reproduction(version.name, True, False, libraries, difference, found.rows, why)


def _other_data(version: ModelVersion, found: TrainingSet, libraries: Collection[str]) -> str:
    why = f"{found.source.relation} does not hold the {version.data_rows:,} rows it was trained on"
    why += f": it has {found.rows:,}, and their hash is another"
    if "duckdb" in libraries:
        why += " (another DuckDB may hash equal rows differently)"
    return why


def _differing(version: ModelVersion, spec: ModelSpec) -> dict[str, tuple[str | None, str | None]]:
    then = json.loads(version.libraries)
    now = artifact.library_versions(code.packages(spec))
    names = sorted({*then, *now})
    return {n: (then.get(n), now.get(n)) for n in names if then.get(n) != now.get(n)}


def _is_same(version: ModelVersion, spec: ModelSpec, model: Model) -> bool:
    digest = artifact.sha256(artifact.dump(model.estimator, trust=spec.trusted))
    calibration = model.calibration.to_json() if model.calibration else None
    return (digest, model.encoder.to_json(), calibration, model.threshold) == (
        version.artifact_sha256,
        version.features,
        version.calibration,
        version.threshold,
    )


def _largest_difference(kept: Sequence[Model], made: Sequence[Model], rows: Rows) -> float:
    """Return the largest difference of what any two models tell of any of ``rows``."""
    if len(kept) != len(made):
        return float("inf")
    largest = 0.0
    for pair in zip(kept, made, strict=True):
        for start in range(0, len(rows.labels), _AT_ONCE):
            part = rows.at[start : start + _AT_ONCE]
            told = [model.tell(model.encoder.encode(rows.table, at=part)) for model in pair]
            if told[0].shape != told[1].shape:
                return float("inf")
            largest = max(largest, float(np.max(np.abs(told[0] - told[1]), initial=0.0)))
    return largest


def _why(version: ModelVersion, model: Model) -> str:
    others = {
        "encoder": model.encoder.to_json() != version.features,
        "threshold": model.threshold != version.threshold,
    }
    differ = [name for name, other in others.items() if other] or ["estimator"]
    return f"the {' and the '.join(differ)} came out otherwise"
