"""The alarms that stand: those of the latest window measured, in whatever run that was."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from duckdb import DuckDBPyConnection

from ml.evaluation.bootstrap import Interval
from ml.monitoring.keeping import Window
from ml.monitoring.performance import Performed
from ml.monitoring_tables import DRIFT, PERFORMANCE
from ml.relation import Relation
from ml.versions.registry import ModelVersion

# Labels come later than what was told, so that the latest windows of both differ: what has windows
# of its own, and which rows were measured at all.
_APART: Mapping[Relation, tuple[str, str]] = MappingProxyType(
    {DRIFT: ("role = 'label'", "true"), PERFORMANCE: ("kind", "value is not null")}
)


def standing_sql(relation: Relation) -> str:
    """Return what stands after ``from``; its values are a model and a version."""
    group, measured = _APART[relation]
    latest = (
        f"(select model, version, {group} as of_kind, max(window_to) as window_to "
        f"from {relation.sql} where {measured} group by all)"
    )
    return (
        f"(select *, {group} as of_kind from {relation.sql}) "
        f"inner join {latest} using (model, version, of_kind, window_to) "
        "where is_alarm and model = ? and version = ?"
    )


def standing_reasons(
    conn: DuckDBPyConnection, relation: Relation, said: str, version: ModelVersion, since: datetime
) -> list[str]:
    """Return what ``said`` gives of each alarm of ``version`` measured ``since`` then."""
    rows = conn.execute(
        f"select {said} from {standing_sql(relation)} and measured_at >= ? order by all",
        [version.model, version.version, since],
    ).fetchall()
    return [text for (text,) in rows]


def standing_performance(conn: DuckDBPyConnection, version: ModelVersion) -> list[Performed]:
    """Return the alarms of the performance of ``version``."""
    return [*_performance(conn, version)]


def _performance(conn: DuckDBPyConnection, version: ModelVersion) -> Iterator[Performed]:
    rows = conn.execute(
        "select window_from, window_to, kind, metric, value, low, high, rows, predictions, "
        f"labels_hash, reason from {standing_sql(PERFORMANCE)} order by kind desc, metric",
        [version.model, version.version],
    ).fetchall()
    for start, end, kind, metric, value, low, high, many, told, marks, reason in rows:
        interval = Interval(value, low, high)
        yield Performed(
            Window(start, end), kind, metric, interval, many, told, marks, True, reason
        )  # fmt: skip
