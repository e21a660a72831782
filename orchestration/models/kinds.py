"""What a version without a label found, as a person reads it: its clusters, its components."""

from collections.abc import Iterator

from duckdb import DuckDBPyConnection
from rich.markup import escape
from rich.table import Table

from ml.kinds.profiles import Profile, clusters_in_words, told_clusters
from ml.versions.registry import ModelVersion
from orchestration.models.facts import Facts, Row

_MOST_WEIGHTS = 4


def found_tables(facts: Facts) -> Iterator[Table]:
    """Yield a table of the clusters, or of the components, where the version has any."""
    if facts.tables["cluster_profiles"]:
        yield _clusters(facts.tables["cluster_profiles"])
    if facts.tables["components"]:
        yield _components(facts.tables["components"])


def found_facts(connection: DuckDBPyConnection, version: ModelVersion) -> dict[str, str]:
    """Return what the clusters of ``version`` are like, for the metadata of its training."""
    return {
        f"cluster_{number}": f"{rows:,} rows: {words}"
        for number, rows, words in told_clusters(connection, version)
    }


def _clusters(rows: list[Row]) -> Table:
    table = Table("cluster", "rows", "share", "what sets it apart", title="clusters")
    shares = {row["cluster"]: row["share"] for row in rows}
    for number, many, words in clusters_in_words(Profile(**row) for row in rows):
        table.add_row(str(number), f"{many:,}", f"{shares[number]:.0%}", escape(words))
    table.caption = "all of it in ml.cluster_profiles"
    return table


def _components(rows: list[Row]) -> Table:
    table = Table("component", "explains", "together", "made of", title="components")
    together, found = 0.0, dict[int, list[Row]]()
    for row in rows:
        found.setdefault(row["component"], []).append(row)
    for number, each in found.items():
        together += each[0]["explained"]
        strongest = sorted(each, key=lambda row: -abs(row["weight"]))[:_MOST_WEIGHTS]
        made = ", ".join(f"{row['weight']:+.2f} {_named(row)}" for row in strongest)
        table.add_row(str(number), f"{each[0]['explained']:.1%}", f"{together:.1%}", escape(made))
    table.caption = "all of it in ml.components"
    return table


def _named(row: Row) -> str:
    return str(row["feature"]) if row["value"] is None else f"{row['feature']}={row['value']}"
