"""Where made-up rows may not go: into what judges, into what is scored, whatever the task."""

import hashlib
from collections.abc import Iterator

import duckdb
import pytest

from ml.data.made_up import known_again
from ml.errors import PipelineError, UsageError
from ml.score import score
from ml.spec import parse_spec
from ml.versions.provenance import Provenance
from tests.unit.ml.people import (
    NOW,
    PROBLEM,
    RELATIONS,
    TRAIN,
    copying,
    learn,
    make,
    people,
    set_of,
    spec_of,
    union,
)


@pytest.fixture
def conn() -> Iterator[duckdb.DuckDBPyConnection]:
    with people() as connection:
        yield connection


def test_made_up_rows_are_learnt_from_and_never_judge(conn):
    make(conn)
    union(conn)
    version = learn(conn, spec_of())
    assert (version.train_rows, version.test_rows) == (1800, 300)


@pytest.mark.parametrize(
    ("spec", "mark", "told"),
    [
        (spec_of(), "false", "900 rows of gold.more were made up"),
        (spec_of(split={"by": "random", "test": 0.3}), "true", "is made up|was made from"),
    ],
)
def test_rows_unmarked_or_made_from_those_held_out_are_refused(conn, spec, mark, told):
    make(conn)
    union(conn, mark)
    with pytest.raises(PipelineError, match=told):
        learn(conn, spec)


def test_a_regression_of_a_few_whole_numbers_learns_from_a_set_of_its_own_task(conn):
    conn.execute("alter table gold.people add column stars integer")
    conn.execute('update gold.people set stars = 1 + cast("left" as int) + length(id) % 3')
    number = {**TRAIN, "label": "stars"}
    spec = spec_of(label="stars", success=[{"metric": "rmse", "at_most": 9}])
    make(conn, set_of(train=number))
    union(conn)
    with pytest.raises(PipelineError, match="was made from") as refused:
        learn(conn, spec)
    assert "and task: regression" in refused.value.fix
    make(conn, set_of(train=number, task="regression"))
    union(conn)
    assert learn(conn, spec).train_rows == 1800


def test_a_set_that_copies_is_learnt_from_by_nobody(conn):
    make(conn, generator=copying(0.5))
    union(conn)
    with pytest.raises(PipelineError, match="copies real people"):
        learn(conn, spec_of())


def test_the_mark_has_to_be_declared_and_folds_are_refused_beside_it(conn):
    make(conn)
    union(conn)
    spec = spec_of()
    bare = replace_synthetic(spec)
    with pytest.raises(UsageError, match="train.synthetic does not name it"):
        learn(conn, bare)
    with pytest.raises(UsageError, match="made-up rows know the rows"):
        spec_of(validate={"folds": 3})


def replace_synthetic(spec):
    return spec.model_copy(update={"train": spec.train.model_copy(update={"synthetic": None})})


CLUSTERS = {
    "problem": {**PROBLEM, "success": [{"metric": "silhouette", "at_least": -1}]},
    "train": {"on": "more", "key": ["id"], "split": {"by": "random"},
              "features": {"include": ["spent"]}},
    "estimator": {"preset": "k_means", "params": {"n_clusters": 3}},
    "score": {"on": "scored", "key": ["id"], "time": "since"},
}  # fmt: skip
RECOMMENDS = {
    "problem": {**PROBLEM, "success": [{"metric": "ndcg_at_10", "at_least": 0}]},
    "train": {"on": "more", "key": ["id", "region"], "item": "region", "time": "since"},
    "estimator": {"preset": "matrix_factorization", "params": {"factors": 2}},
    "score": {"on": "scored", "key": ["id"], "time": "since"},
}
FORECASTS = {
    "problem": {**PROBLEM, "success": [{"metric": "mase", "beats_baseline_by": -9}]},
    "train": {"on": "more", "key": ["id"], "time": "since", "label": "spent",
              "series": {"every": "day", "horizon": 1, "windows": 1}},
    "estimator": {"preset": "seasonal_naive", "params": {"season_length": 1}},
    "score": {"on": "scored", "key": ["id"], "time": "since"},
}  # fmt: skip
KINDS = {"clustering": CLUSTERS, "recommendation": RECOMMENDS, "forecast": FORECASTS}


@pytest.mark.parametrize("task", KINDS)
def test_no_task_learns_from_rows_that_are_marked_and_cannot_be_named(conn, task):
    make(conn)
    union(conn)
    conn.execute("delete from gold.more where region is null")
    spec = parse_spec("model", KINDS[task], file="model.yml")
    with pytest.raises(PipelineError, match=f"a {task} is learnt from real rows") as refused:
        learn(conn, spec)
    assert "leave them out" in refused.value.fix


@pytest.mark.parametrize("task", KINDS)
def test_no_task_learns_from_rows_whose_keys_were_made_up(conn, task):
    make(conn)
    union(conn)
    conn.execute("alter table gold.more drop is_synthetic")
    conn.execute("delete from gold.more where region is null")
    spec = parse_spec("model", KINDS[task], file="model.yml")
    with pytest.raises(PipelineError, match="their keys stand in landing") as refused:
        learn(conn, spec)
    assert "leave them out" in refused.value.fix


LEARNT = {
    "clustering": "from gold.people",
    "recommendation": "select 'p' || n as id, 'item ' || i as region, "
    "date '2024-01-01' + cast((n * i) % 90 as integer) as since "
    "from range(60) as numbers (n), range(12) as items (i) where hash(n, i) % 3 > 0",
    "forecast": "select 'one' as id, n % 3 + n % 7 as spent, "
    "date '2024-01-01' + cast(n as integer) as since from range(60) as numbers (n)",
}


@pytest.mark.parametrize("task", KINDS)
def test_no_task_tells_of_rows_that_are_made_up(conn, task):
    make(conn)
    conn.execute(f"create table gold.more as {LEARNT[task]}")
    spec = parse_spec("model", KINDS[task], file="model.yml")
    assert learn(conn, spec).status == "champion"
    conn.execute("create table gold.scored as from landing.synthetic_people where region <> ''")
    with pytest.raises(PipelineError, match="predictions are of real rows alone"):
        score(conn, spec, RELATIONS, Provenance("run"), now=NOW)


def _numbered(conn) -> None:
    """Let keys be numbers, of which two sets have the same fresh ones."""
    conn.execute("alter table gold.people alter id type integer using cast(id[2:] as integer)")


def test_a_good_set_is_learnt_from_where_another_of_the_same_people_copies(conn):
    _numbered(conn)
    make(conn)
    make(conn, set_of("synthetic_others"), generator=copying(0.5))
    union(conn)
    assert learn(conn, spec_of()).train_rows == 1800
    union(conn, of="synthetic_others")
    with pytest.raises(PipelineError, match="synthetic_others copies real people"):
        learn(conn, spec_of())


def test_keys_that_two_sets_have_are_told_apart_by_the_column_that_names_the_set(conn):
    _numbered(conn)
    make(conn)
    make(conn, set_of("synthetic_others"))
    union(conn)
    conn.execute("alter table gold.more drop synthetic_set")
    with pytest.raises(PipelineError, match="in more than one synthetic set") as refused:
        learn(conn, spec_of())
    assert "carry synthetic_set" in refused.value.fix


@pytest.mark.parametrize("told", [True, False])
def test_rows_of_unknown_origin_are_found_though_two_sets_have_the_keys_of_others(conn, told):
    _numbered(conn)
    make(conn)
    make(conn, set_of("synthetic_others"))
    union(conn)
    conn.execute("insert into gold.more by name select * replace (-9000 - id as id) from gold.more "
                 "where is_synthetic limit 700")  # fmt: skip
    if not told:
        conn.execute("alter table gold.more drop synthetic_set")
    with pytest.raises(PipelineError, match="700 rows .* are of no synthetic set"):
        learn(conn, spec_of())


def test_a_made_up_row_is_told_by_the_fresh_columns_of_its_key_alone(conn):
    conn.execute("alter table gold.people add column day date")
    conn.execute("update gold.people set day = since")
    make(conn, set_of(train={**TRAIN, "key": ["id", "day"]}))
    conn.execute("create table gold.more as from gold.people")
    days = {**CLUSTERS, "train": {**CLUSTERS["train"], "key": ["day", "id"]}}
    assert learn(conn, parse_spec("model", days, file="model.yml")).status == "champion"


def test_rows_are_known_again_by_a_hash_that_no_version_of_the_database_changes(conn):
    known = [known_again([f"'{one}'", f"'{two}'"], "7") for one, two in (("a", "bc"), ("ab", "c"))]
    assert conn.sql(f"select {known[0]}, {known[1]}").fetchone() == (
        _by_hand("1:a2:bc1:7"),
        _by_hand("2:ab1:c1:7"),
    )


def _by_hand(told: str) -> int:
    return int.from_bytes(hashlib.md5(told.encode()).digest()[8:], "little")
