"""A notebook's way in: the release that readers see, read-only, and models tried on it in memory.

Nothing that is trained here is kept: the registry of a :class:`Release` is in memory, beside the
warehouse, and is gone with it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from ml.errors import PipelineError, UsageError
from ml.names import listed
from ml.relation import Relation, quote
from ml.score import score
from ml.spec import ModelSpec, parse_spec
from ml.tables import COLUMNS, create_tables
from ml.train import train
from ml.versions import registry
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion

# What says where the warehouse is, and how its file and dbt's manifest beside it are named.
HOME, PROJECT = "GOLDLOOP_HOME", "GOLDLOOP_PROJECT_DIR"
FILE, MANIFEST, ALIAS = "warehouse.duckdb", "manifest.json", "warehouse"
DECLARED = "declared in the notebook"


@dataclass(frozen=True)
class Release:
    """A release, and a registry in memory that begins with the versions it has.

    ``connection`` reads every table of the release by its own name (``gold.customers``) through
    views; what it writes stays in memory. ``declared`` has dbt's exposures of type ml by name.
    """

    connection: DuckDBPyConnection
    declared: Mapping[str, Mapping[str, Any]]
    relations: Mapping[str, Relation]
    id: str
    folder: Path
    trust: tuple[str, ...] = ()

    def train(self, model: str | Mapping[str, Any], name: str = "tried") -> ModelVersion:
        """Train a model of the release by its name, or one declared as ``config.meta.ml`` has it.

        Returns the version with status, reason and metrics. Raises what :func:`ml.train.train`
        raises; lineage is not asked, for it is dbt's.
        """
        spec = self.spec(model, name)
        return train(self.connection, spec, self.relations, self._made_by, now=datetime.now(UTC))

    def score(self, model: str | Mapping[str, Any], name: str = "tried") -> DuckDBPyRelation:
        """Return what the champion in memory tells of ``score.on``, as ``predictions.<model>``.

        ``.df()``, ``.to_arrow_table()`` and ``.pl()`` make of it what they say.
        """
        spec = self.spec(model, name)
        result = score(self.connection, spec, self.relations, self._made_by, now=datetime.now(UTC))
        return self.connection.sql(
            f"select * from {result.relation.sql} "
            f"where run_id = '{self._made_by.run_id}' and model_version = {result.version}"
        )

    def evaluate(self, model: str, version: int | None = None) -> DuckDBPyRelation:
        """Return the metrics of a version (the newest unless given) with their intervals."""
        made = registry.versions(self.connection, model)
        found = [each for each in made if version in (None, each.version)]
        if not found:
            known = ", ".join(each.name for each in made) or "none"
            raise UsageError(
                f"{model}@{version or 1} is no version here; there are: {known}",
                fix=f"train it: release.train('{model}')",
            )
        return self.connection.sql(
            "select data, segment, metric, value, low, high, rows from ml.evaluations "
            f"where model = {_text(model)} and version = {found[0].version}"
        )

    def spec(self, model: str | Mapping[str, Any], name: str = "tried") -> ModelSpec:
        """Return the declaration of a model of the release, or of ``model`` itself as ``name``."""
        if not isinstance(model, str):
            return parse_spec(name, model, file=DECLARED, folder=self.folder, trust=self.trust)
        if model not in self.declared:
            raise UsageError(
                f"release {self.id} declares no ML model '{model}'; it has: "
                f"{listed(model, self.declared)}",
                fix="name one of these, or give its declaration as a mapping",
            )
        node = self.declared[model]
        return parse_spec(
            model, _meta(node), file=node["original_file_path"], folder=self.folder,
            trust=self.trust,
        )  # fmt: skip

    @property
    def _made_by(self) -> Provenance:
        return Provenance(run_id="notebook", release=self.id)


def connect(project: Path | str | None = None, trust: tuple[str, ...] = ()) -> Release:
    """Open the release that readers of ``project`` see; nothing of it can be written.

    The project is the folder given, else what ``GOLDLOOP_PROJECT_DIR`` says, else the working
    folder; its warehouse is ``GOLDLOOP_HOME``, or ``warehouse`` in the project. ``trust`` are the
    classes and builders of others that models may be made of.

    Raises PipelineError where nothing was published.
    """
    folder = Path(project or os.environ.get(PROJECT) or ".").resolve()
    home = Path(os.environ.get(HOME) or folder / ALIAS)
    # The link may be swapped meanwhile: the release it names now is the one that is read.
    current = (home / "current").resolve()
    if not (current / FILE).is_file():
        raise PipelineError(
            f"{home} has no release", fix=f"type: goldloop --project-dir {folder} run"
        )
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"attach {_text(str(current / FILE))} as {ALIAS} (read_only)")
    _show(connection)
    raw = json.loads((current / MANIFEST).read_text(encoding="utf-8"))
    relations = {
        node["name"]: Relation(node["schema"], node["alias"])
        for node in raw["nodes"].values()
        if node["resource_type"] in ("model", "seed", "snapshot")
    }
    declared = {node["name"]: node for node in raw["exposures"].values() if node["type"] == "ml"}
    return Release(connection, declared, relations, current.name, folder, trust)


def _show(connection: DuckDBPyConnection) -> None:
    """Show each table of the release under its own name; copy the registry, which is written."""
    found = connection.execute(
        "select distinct table_schema, table_name from information_schema.tables "
        "where table_catalog = ? order by all",
        [ALIAS],
    ).fetchall()
    create_tables(connection)
    for schema, name in found:
        here, there = Relation(schema, name), f"{ALIAS}.{quote(schema)}.{quote(name)}"
        if here in COLUMNS:
            connection.execute(f"insert into {here.sql} by name select * from {there}")
        elif schema not in ("predictions", "shadow"):
            connection.execute(f"create schema if not exists {quote(schema)}")
            connection.execute(f"create view {here.sql} as select * from {there}")


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the declaration that an exposure of dbt's manifest holds."""
    meta: Mapping[str, Any] = (node["config"].get("meta") or node.get("meta") or {}).get("ml") or {}
    return meta


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
