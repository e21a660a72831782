"""Training a version again, from what it was trained on, and comparing what comes out."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from ml.data.checks import content_hash
from ml.errors import PipelineError
from ml.fitting.tuning import with_params
from ml.kinds import kind_of
from ml.kinds.kind import Fitted, Material, Tell
from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.versions import artifact, code
from ml.versions.registry import ModelVersion


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
    kind = kind_of(version.task)
    found = kind.find(conn, spec, relations, now=version.created_at, known={})
    libraries = _differing(version, spec)
    content = content_hash(conn, found.source, list(found.source.columns.values()))
    if content != version.data_hash:
        why = _other_data(version, found, libraries)
        return Reproduction(version.name, False, False, libraries, None, found.rows, why)
    fitted = found.fit(conn, tell)
    differ = _differ(version, spec, fitted)
    if not differ and fitted.is_kept(conn, version):
        return Reproduction(version.name, True, True, libraries, 0.0, found.rows)
    tell(f"comparing what both tell of {found.rows:,} rows")
    try:
        difference = fitted.difference(conn, version)
    except PipelineError as error:
        return Reproduction(version.name, True, False, libraries, None, found.rows, error.problem)
    came = f"the {' and the '.join(differ or ['earlier models'])} came out otherwise"
    return Reproduction(version.name, True, False, libraries, difference, found.rows, came)


def _other_data(version: ModelVersion, found: Material, libraries: Collection[str]) -> str:
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


def _differ(version: ModelVersion, spec: ModelSpec, fitted: Fitted) -> list[str]:
    """Return what of ``fitted`` is other than what ``version`` kept, nothing when all is equal."""
    learnt = fitted.learnt
    others = {
        "encoder": learnt.features != version.features,
        "calibration": learnt.calibration != version.calibration,
        "threshold": learnt.threshold != version.threshold,
    }
    differ = [name for name, other in others.items() if other]
    digest = artifact.sha256(artifact.dump(fitted.estimator, trust=spec.trusted))
    return differ or (["estimator"] if digest != version.artifact_sha256 else [])
