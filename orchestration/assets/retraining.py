"""Training in a run, if what is declared of it says so, and the record of why."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from duckdb import DuckDBPyConnection

from ml.monitoring.retraining import Retraining, decide, record
from ml.spec import ModelSpec
from ml.versions import registry
from ml.versions.provenance import Provenance
from orchestration.leaks import train_checked
from orchestration.project import BY_HAND, Project
from orchestration.run.progress import tell

if TYPE_CHECKING:
    from ml.versions.registry import ModelVersion


def train_if_due(
    context: dg.AssetExecutionContext,
    connection: DuckDBPyConnection,
    project: Project,
    spec: ModelSpec,
    made_by: Provenance,
) -> "tuple[ModelVersion, list[str], Retraining | None]":
    """Train ``spec``, or take the champion where ``retrain`` says that it is not due.

    Returns the version, what to know of its lineage, and what was decided (None where nothing is
    declared). Raises what :func:`orchestration.leaks.train_checked` raises.
    """
    now = datetime.now(UTC)
    by_hand = BY_HAND in context.run.tags
    decided = decide(connection, spec, project.manifest.relations, by_hand=by_hand, now=now)
    champion = registry.champion(connection, spec.name)
    if decided is not None:
        context.log.info(f"{'trains' if decided.is_trained else 'does not train'} {spec.name}: "
                         f"{decided.reason}")  # fmt: skip
        if not decided.is_trained and champion is not None:
            record(connection, spec, decided, None, context.run_id, now)
            return champion, [], decided
    version, lineage = train_checked(
        connection, spec, project.manifest, [project.target], made_by, tell
    )
    if decided is not None:
        record(connection, spec, decided, version, context.run_id, now)
    return version, lineage, decided
