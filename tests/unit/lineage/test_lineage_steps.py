"""Steps over a whole project, held against DuckDB: what changes must be what lineage says."""

import duckdb
import pytest

from dataops.lineage.catalog import read_catalog
from dataops.lineage.graph import Lineage
from dataops.lineage.places import ROWS, Kind, Place
from dataops.lineage.steps import Steps
from dataops.lineage.told import Learner, told
from ml.spec import parse_spec
from tests.unit.ml.world import declare

SOURCES = {
    "landing.calls": "select i as call_id, i % 5 as customer_id, i % 3 as rating, i * 7 as seconds,"
    " i % 4 as reason, [i, i + 1] as tags from range(40) as t(i)",
    "landing.customers": "select i as customer_id, i % 3 as country, i as born, i % 2 = 0 as is_in "
    "from range(6) as t(i)",
}
SQL = {
    "silver.calls": "select distinct call_id, customer_id, rating, seconds from landing.calls "
    "where reason > 0",
    "silver.tags": "select call_id, unnest(tags) as tag from landing.calls",
    "silver.people": "select * from landing.customers semi join landing.calls using (customer_id) "
    "where is_in",
    "gold.totals": "select country, count(*) as calls, sum(seconds) as seconds from silver.calls "
    "inner join silver.people using (customer_id) group by country having count(*) > 0",
    "gold.latest": "select customer_id, latest.rating, latest.seconds as lasted from silver.people "
    "left join lateral (select rating, seconds from silver.calls as c "
    "where c.customer_id = people.customer_id order by call_id desc limit 1) as latest on true",
    "gold.ranks": "select call_id, rank() over (partition by customer_id order by rating) as place,"
    " (select max(born) from landing.customers as c where c.customer_id = calls.customer_id) "
    "as born from silver.calls as calls where call_id in (select tag from silver.tags)",
    "gold.both": "select call_id as id from silver.calls union select country from silver.people",
    "gold.turned": "pivot silver.calls on rating using sum(seconds) group by customer_id",
}
READS = {name: [each for each in (*SOURCES, *SQL) if each in sql] for name, sql in SQL.items()}


def build() -> duckdb.DuckDBPyConnection:
    conn = duckdb.connect(config={"threads": 1})
    conn.execute("create schema landing; create schema silver; create schema gold")
    for name, sql in SOURCES.items():
        conn.execute(f"create table {name} as {sql}")
    for name, sql in SQL.items():
        # A view of a pivot has the columns of the moment; they stay what they were.
        conn.execute(f"create view {name} as {sql}" if "pivot" not in sql else
                     f"create table {name} as {sql}")  # fmt: skip
    return conn


def outcomes(conn: duckdb.DuckDBPyConnection) -> dict[Place, object]:
    conn.execute(f"create or replace table gold.turned as {SQL['gold.turned']}")
    found: dict[Place, object] = {}
    for relation in SQL:
        for name, *_ in conn.execute(f"describe {relation}").fetchall():
            rows = conn.execute(f'select "{name}" from {relation} order by all').fetchall()
            found[Place(relation, name.lower())] = rows
    return found


COLUMNS = [
    ("landing.calls", "call_id"), ("landing.calls", "customer_id"), ("landing.calls", "rating"),
    ("landing.calls", "seconds"), ("landing.calls", "reason"), ("landing.calls", "tags"),
    ("landing.customers", "customer_id"), ("landing.customers", "country"),
    ("landing.customers", "born"), ("landing.customers", "is_in"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_what_changes_with_a_source_column_is_what_lineage_says(table: str, column: str) -> None:
    conn = build()
    steps = Steps(Lineage(SQL, read_catalog(conn)), READS)
    walked = steps.walk([Place(table, column)], is_up=False, influences=True)
    said = {step.child for step in walked}
    before = outcomes(conn)
    change = {"tags": "[7, 9]", "is_in": "not is_in"}.get(column, f"({column} * 3 + 1) % 11")
    conn.execute(f"update {table} set {column} = {change}")
    after = outcomes(conn)
    changed = {place for place in before if before[place] != after.get(place)}
    assert changed
    assert changed <= said, sorted(map(str, changed - said))
    # Lineage that named everything would be right, too, and of no use.
    assert len(said & before.keys()) < len(before) or column in ("call_id", "customer_id", "reason")


def test_without_the_rows_lineage_would_miss_what_a_condition_changes() -> None:
    steps = Steps(Lineage(SQL, read_catalog(build())), READS)
    start = [Place("landing.calls", "reason")]
    assert not [*steps.walk(start, is_up=False, influences=False)]
    reached = {each.child for each in steps.walk(start, is_up=False, influences=True)}
    assert Place("gold.totals", "seconds") in reached


def test_what_is_not_resolved_comes_from_any_column_of_what_is_read() -> None:
    steps = Steps(Lineage(SQL, read_catalog(build())), READS)
    place = Place("gold.turned", "customer_id")
    assert "PIVOT" in (steps.unresolved(place) or "")
    found = {step.parent.column for step in steps.up(place) if step.kind is Kind.TABLE}
    assert found == {"call_id", "customer_id", "rating", "seconds", ROWS}


def test_a_prediction_comes_from_the_features_and_from_what_the_version_has_learnt_from() -> None:
    spec = parse_spec("model", declare({}), file="models/m.yml")
    learner = Learner(spec, "gold.trn", "gold.ftr", {"a": ["a"], "twice": ["b", "c"]}, 3)
    names = [*spec.score.key, "as_of_date", "score", "model_version", "run_id"]
    catalog = {"predictions": {"model": dict.fromkeys(names, "INT")}}
    lineage = Lineage({}, catalog, told(learner, catalog))
    steps = Steps(lineage, {})

    def above(column: str) -> set[tuple[str, str]]:
        found = steps.up(Place("predictions.model", column))
        return {(str(step.parent), step.kind.value) for step in found if step.is_value}

    scored = {("ftr.a", "scored"), ("ftr.b", "scored"), ("ftr.c", "scored")}
    assert above("score") == scored | {("model.version", "learnt")}
    assert above("model_version") == {("model.version", "learnt")}
    assert above("run_id") == set()
    assert above(spec.score.key[0]) == {(f"ftr.{spec.score.key[0]}", "value")}
    learnt = {step.parent.column for step in steps.up(learner.place) if step.is_value}
    assert {"a", "b", "c", str(spec.train.label), *spec.train.key} <= learnt
