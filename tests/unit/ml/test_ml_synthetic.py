"""Made-up rows: like real ones, copies of nobody, and never a judge."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import duckdb
import numpy as np
import pytest

from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from ml.spec import parse_spec
from ml.synthetic import sets
from ml.synthetic.declaration import parse_synthetic
from ml.synthetic.make import synthesise
from ml.synthetic.nearest import Space, nearest
from ml.synthetic.privacy import privacy
from ml.synthetic.trees import Drawn, draw
from ml.train import train
from ml.versions.provenance import Provenance

NOW = datetime(2026, 11, 28)
RELATIONS = {name: Relation("gold", name) for name in ("people", "more", "scored")}
TRAIN = {"on": "people", "label": "left", "key": ["id"], "split": {"by": "random", "test": 0.25}}


@pytest.fixture
def conn() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema gold")
        connection.execute(
            """
            create table gold.people as
            with drawn as (
                select n, hash(n) % 1000 / 1000.0 as one, hash(n, 'b') % 1000 / 1000.0 as two
                from range(1200) as numbers (n)
            )
            select
                'p' || n as id,
                'name ' || n as name,
                case when one < 0.3 then 'north' when one < 0.8 then 'south' end as region,
                cast(case when two < 0.4 then 0 else 100 * one + 7 * two end as decimal(8, 2))
                    as spent,
                date '2024-01-01' + cast(300 * two as integer) as since,
                cast(null as double) as empty,
                one + two + hash(n, 'c') % 1000 / 1000.0 > 1.6 as left
            from drawn
            """
        )
        yield connection


def _set(name: str = "synthetic_people", **more: object):
    meta = {"synthetic": {"train": TRAIN, **more}}
    node = {"name": name, "schema": "landing", "config": {"meta": meta}}
    found = parse_synthetic(node)
    assert found is not None
    return found


def _make(conn, **more):
    return synthesise(conn, _set(), RELATIONS, Provenance("run"), now=NOW, **more)


def _copying(share: float):
    def copying(real, nominal, wanted, leaf, seed) -> Drawn:
        drawn = draw(real, nominal, wanted, leaf, seed)
        rows = drawn.rows.copy()
        rows[: int(share * wanted)] = real[: int(share * wanted)]
        return Drawn(rows, drawn.rare)

    return copying


def test_rows_are_typed_marked_and_under_keys_that_nobody_has(conn):
    made = _make(conn)

    types = dict(conn.sql("select column_name, column_type from (describe gold.people)").fetchall())
    own = conn.sql("select column_name, column_type from (describe landing.synthetic_people)")
    assert dict(own.fetchall()) == types | {
        "is_synthetic": "BOOLEAN",
        "synthetic_set": "VARCHAR",
        "synthetic_version": "INTEGER",
    }
    told = conn.sql(
        "select count(*), count(distinct id), bool_and(is_synthetic), count(name), count(empty), "
        "min(spent), max(spent), min(since), max(since), "
        "count(*) filter (where id in (select id from gold.people)) from landing.synthetic_people"
    ).fetchone()
    real = conn.sql("select min(spent), max(spent), min(since), max(since) from gold.people")
    low, high, first, last = real.fetchone()
    assert told[:5] == (900, 900, True, 0, 0)
    assert low <= told[5] <= told[6] <= high
    assert first <= told[7] <= told[8] <= last
    assert told[9] == 0
    assert not made.copies
    assert list(made.left_out) == ["name"]


def test_spikes_and_missing_values_are_as_frequent_as_among_real_rows(conn):
    _make(conn)
    shares = [
        conn.sql(
            "select avg(cast(spent = 0 as int)), avg(cast(region is null as int)), "
            f'avg(cast("left" as int)) from {table}'
        ).fetchone()
        for table in ("gold.people", "landing.synthetic_people")
    ]
    assert shares[1] == pytest.approx(shares[0], abs=0.06)


def test_the_same_seed_gives_the_same_rows_and_nothing_is_made_twice(conn):
    first = _make(conn)
    rows = conn.sql("select * from landing.synthetic_people order by id").fetchall()
    assert _make(conn).reused
    conn.execute("drop table landing.synthetic_people")
    again = _make(conn)
    assert not again.reused
    assert again.content == first.content
    *kept, _ = zip(*rows, strict=True)
    *anew, _ = zip(*conn.sql("from landing.synthetic_people order by id").fetchall(), strict=True)
    assert kept == anew


def test_copied_people_are_found_and_the_report_says_how_many(conn):
    made = _make(conn, generator=_copying(0.2))
    assert made.copies
    assert "copies real people" in (made.reason or "")
    (line,) = [each for each in sets.lines(conn, made) if each["metric"] == "copies_exact"]
    assert line["value"] == pytest.approx(0.2, abs=0.05)


def test_rows_of_few_combinations_raise_no_false_alarm():
    random = np.random.default_rng(0)
    alarms = 0
    for seed in range(40):
        learnt, held, made = (
            random.integers(0, 3, (rows, 3)).astype(float) for rows in (900, 300, 900)
        )
        found = privacy(learnt, held, made, [True] * 3, seed)
        assert found.equal[0] == 1.0
        alarms += bool(found.copied)
    assert alarms == 0


def test_the_nearest_rows_are_those_of_a_brute_force_loop():
    random = np.random.default_rng(1)
    rows, first, second = (
        np.column_stack([random.integers(0, 3, n), random.normal(size=n)]).astype(float)
        for n in (20, 30, 10)
    )
    first[3, 1] = np.nan
    space = Space.of(first, [True, False])
    placed = [space.place(each) for each in (rows, first, second)]
    found = nearest(space, *placed)
    for at, row in enumerate(placed[0]):
        apart = []
        for other in np.concatenate(placed[1:]):
            number = 1.0 if np.isnan(other[1]) else abs(row[1] - other[1])
            apart.append((float(row[0] != other[0]) + number) / 2)
        assert found.distance[at] == pytest.approx(min(apart))
        assert apart[found.at[at]] == pytest.approx(min(apart))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"rowz": 5}, "unknown key rowz"),
        ({"rows": 5}, "rows is 5"),
        ({"train": TRAIN | {"split": {"by": "none"}}}, "train.split.by is 'none'"),
        ({"train": {"on": "people", "key": ["id"]}}, "train.label is missing"),
    ],
)
def test_a_wrong_declaration_is_refused_by_name(asked, told):
    with pytest.raises(UsageError, match=told):
        _set(**asked)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("delete from gold.people where hash(id) % 10 > 0", "rows .* are learnt from"),
        (
            "update gold.people set region = 'north', spent = 1, since = '2024-01-01'",
            "every feature .* is constant",
        ),
        ("alter table gold.people add column is_synthetic boolean", "has the column"),
    ],
)
def test_rows_that_cannot_be_imitated_are_refused_and_nothing_is_written(conn, sql, told):
    conn.execute(sql)
    with pytest.raises(PipelineError, match=told):
        _make(conn)
    assert sets.versions(conn) == []


def _spec(**train):
    meta = {
        "problem": {
            "question": "?", "decision": "?", "success": [{"metric": "roc_auc", "at_least": 0.5}],
        },
        "train": {**TRAIN, "on": "more", "features": {"include": ["region", "spent"]},
                  "synthetic": "is_synthetic", **train},
        "estimator": {"preset": "boosted_trees", "params": {"max_iter": 20}},
        "score": {"on": "scored", "key": ["id"], "time": "since"},
    }  # fmt: skip
    return parse_spec("leaving", meta, file="leaving.yml")


def _union(conn, mark: str = "is_synthetic") -> None:
    conn.execute(
        "create or replace table gold.more as select *, false as is_synthetic from gold.people "
        f"union all by name select * replace ({mark} as is_synthetic) "
        "from landing.synthetic_people"
    )


def _train(conn, spec):
    return train(conn, spec, RELATIONS, Provenance("run"), now=NOW)


def test_made_up_rows_are_learnt_from_and_never_judge(conn):
    _make(conn)
    _union(conn)
    version = _train(conn, _spec())
    assert (version.train_rows, version.test_rows) == (1800, 300)


@pytest.mark.parametrize(
    ("spec", "mark", "told"),
    [
        (_spec(), "false", "900 rows of gold.more were made up"),
        (_spec(split={"by": "random", "test": 0.3}), "true", "is made up|was made from"),
    ],
)
def test_rows_unmarked_or_made_from_those_held_out_are_refused(conn, spec, mark, told):
    _make(conn)
    _union(conn, mark)
    with pytest.raises(PipelineError, match=told):
        _train(conn, spec)


def test_a_set_that_copies_is_learnt_from_by_nobody(conn):
    _make(conn, generator=_copying(0.5))
    _union(conn)
    with pytest.raises(PipelineError, match="copies real people"):
        _train(conn, _spec())


def test_the_mark_has_to_be_declared_and_folds_are_refused_beside_it(conn):
    _make(conn)
    _union(conn)
    spec = _spec()
    bare = replace_synthetic(spec)
    with pytest.raises(UsageError, match="train.synthetic does not name it"):
        _train(conn, bare)
    with pytest.raises(UsageError, match="made-up rows know the rows"):
        _spec(validate={"folds": 3})


def replace_synthetic(spec):
    return spec.model_copy(update={"train": spec.train.model_copy(update={"synthetic": None})})


def test_a_report_of_another_set_is_another(conn):
    _make(conn)
    other = replace(_set("synthetic_others"), file="others.yml")
    synthesise(conn, other, RELATIONS, Provenance("run"), now=NOW)
    assert [each.set for each in sets.versions(conn)] == ["synthetic_others", "synthetic_people"]
