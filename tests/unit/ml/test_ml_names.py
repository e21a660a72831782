import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.names import listed, nearest_first
from ml.relation import Relation, quote
from ml.score import score
from ml.spec import parse_spec
from ml.train import train
from ml.versions import registry
from ml.versions.provenance import Provenance
from tests.unit.ml.world import NOW

# DuckDB's identifiers end at a NUL and are told apart without regard to case.
NAME = st.text(
    st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=12
)
OWN = {"as_of_date", "prediction", "score", "model_name", "model_version", "run_id", "scored_at"}
SEVEN_NAMES = st.lists(NAME, min_size=7, max_size=7, unique_by=lambda name: name.casefold()).filter(
    lambda names: not OWN & {name.lower() for name in names}
)
HOSTILE = [
    ("select", "from", "where", "group", "order", "table", "null"),
    ('a"b', "a'b", 'a""b', "a b", "a.b", "a;b", "a--b"),
    ("größe", "名前", "🙂", "a\nb", "a\tb", "{a}", "a%s"),
    (
        'x" ; drop table gold.kept; --',
        "x'; drop table gold.kept; --",
        'x") ; drop table gold.kept; --',
        "$1",
        "?",
        "/* x",
        "\\",
    ),
    ("c0", "c1", "k0", "moment", "one", "new", "old"),
    ("model", "version", "as_of", "batch", "goldloop_scored_batch", "known", "values"),
]


def run_with(names):
    table, model, key, time, number, category, label = names
    conn = duckdb.connect()
    conn.execute("create schema gold")
    conn.execute("create table gold.kept as select 1 as one")
    schema = Relation(table, table)
    conn.execute(f"create schema if not exists {quote(table)}")
    conn.execute(
        f"create table {schema.sql} as select 'k' || i as {quote(key)}, "
        f"date '2025-01-01' + (i % 5)::integer as {quote(time)}, i % 13 as {quote(number)}, "
        f"if(i % 3 = 0, 'u', 'v') as {quote(category)}, i % 13 > 5 as {quote(label)} "
        "from range(60) as t(i)"
    )
    meta = {
        "problem": {
            "question": "?",
            "decision": "!",
            "baseline": number,
            "success": [{"metric": "roc_auc", "at_least": 0}],
        },
        "train": {"on": table, "label": label, "key": [key], "time": time},
        "estimator": {"preset": "boosted_trees", "params": {"max_iter": 2}},
        "score": {"on": table, "key": [key], "time": time},
    }
    spec = parse_spec(model, meta, file="models/m.yml")
    relations = {table: schema}
    made = train(conn, spec, relations, Provenance("r"), now=NOW)
    result = score(conn, spec, relations, Provenance("r"), now=NOW)
    assert (made.status, result.rows, result.new_rows) == ("champion", 60, 60)
    assert score(conn, spec, relations, Provenance("r"), now=NOW).new_rows == 0
    predicted = Relation("predictions", model).sql
    assert conn.execute(
        f"select count(*) from {predicted} join {schema.sql} using ({quote(key)})"
    ).fetchone() == (60,)
    assert [each.model for each in registry.versions(conn)] == [model]
    assert conn.execute("from gold.kept").fetchall() == [(1,)]


@pytest.mark.parametrize("names", HOSTILE, ids=lambda names: names[0][:6])
def test_hostile_names_of_tables_models_and_columns_work_and_harm_nothing(names):
    run_with(names)
    run_with(names[3:] + names[:3])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SEVEN_NAMES)
def test_any_names_of_tables_models_and_columns_work(names):
    run_with(names)


@settings(deadline=None)
@given(NAME)
def test_a_quoted_name_is_that_name(name):
    found = duckdb.execute(f"select 1 as {quote(name)}").description
    assert found is not None
    assert found[0][0] == name


def test_names_are_listed_nearest_first_and_long_lists_are_cut():
    assert nearest_first("tenur_days", ["age", "tenure_months", "tenure_days"])[0] == "tenure_days"
    assert nearest_first("trm", ["ftr", "trn"]) == ["trn", "ftr"]
    assert listed("x", []) == "nothing"
    assert listed("n1", [f"n{at}" for at in range(40)]).endswith("… (10 more)")
