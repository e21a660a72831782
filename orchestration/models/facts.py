"""All that a release knows of one version of an ML model, read from its tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from ml.judgement_tables import (
    CLUSTER_PROFILES,
    COMPARISONS,
    COMPONENTS,
    CONFUSION,
    CURVES,
    DEPENDENCE,
    EVALUATIONS,
    IMPORTANCES,
    RESIDUALS,
)
from ml.relation import Relation, quote
from ml.tables import COLUMNS, exists
from ml.versions import cards, decisions
from ml.versions.cards import Card
from ml.versions.decisions import Decision
from ml.versions.registry import ModelVersion
from orchestration.models.listing import document

TABLES = {
    "evaluations": EVALUATIONS,
    "comparisons": COMPARISONS,
    "importances": IMPORTANCES,
    "confusion": CONFUSION,
    "residuals": RESIDUALS,
    "curves": CURVES,
    "dependence": DEPENDENCE,
    "cluster_profiles": CLUSTER_PROFILES,
    "components": COMPONENTS,
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """A version, the rows each of ``TABLES`` has of it, what was decided of its model, its cards.

    ``decisions`` and ``cards`` are those of the whole model, the oldest first.
    """

    version: ModelVersion
    tables: dict[str, list[Row]]
    decisions: Sequence[Decision]
    cards: Sequence[Card]

    @classmethod
    def of(cls, connection: DuckDBPyConnection, version: ModelVersion) -> "Facts":
        """Read what the release of ``connection`` knows of ``version``."""
        tables = {name: _rows(connection, each, version) for name, each in TABLES.items()}
        taken = decisions.history(connection, version.model)
        return cls(version, tables, taken, cards.cards(connection, version.model))

    @property
    def warnings(self) -> list[str]:
        """Each change of the problem card after results had been seen."""
        return [each.warning for each in self.cards if each.warning]

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON holds it."""
        known = {
            "decisions": [asdict(each) for each in self.decisions],
            "problem_cards": [asdict(each) for each in self.cards],
            "warnings": self.warnings,
        }
        return document(self.version) | self.tables | known

    def evaluated(self, segment: str = "all") -> dict[str, dict[str, Row]]:
        """Return the rows of ``ml.evaluations`` of one segment by metric, then by data."""
        found: dict[str, dict[str, Row]] = {}
        for row in self.tables["evaluations"]:
            if row["segment"] == segment:
                found.setdefault(row["metric"], {})[row["data"]] = row
        return found

    def gains(self) -> tuple[str | None, dict[str, Row]]:
        """Return which champion it was compared with, and the gain over it by metric."""
        rows = [each for each in self.tables["comparisons"] if each["against"] != "baseline"]
        return (rows[0]["against"] if rows else None), {each["metric"]: each for each in rows}


def _rows(connection: DuckDBPyConnection, relation: Relation, version: ModelVersion) -> list[Row]:
    if not exists(connection, relation):
        return []
    names = [name for name in COLUMNS[relation] if name not in ("model", "version")]
    there = {
        name
        for (name,) in connection.execute(
            "select column_name from information_schema.columns "
            "where table_catalog = current_database() and table_schema = ? and table_name = ?",
            [relation.schema, relation.name],
        ).fetchall()
    }
    # A release from before a column was there has none to read.
    read = ", ".join(quote(name) if name in there else f"null as {quote(name)}" for name in names)
    found = connection.execute(
        f"select {read} from {relation.sql} where model = ? and version = ? order by rowid",
        [version.model, version.version],
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]
