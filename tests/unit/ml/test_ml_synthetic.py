"""Made-up rows: like real ones, copies of nobody, and never a judge."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest
from scipy.stats import ks_2samp

from ml.errors import PipelineError, UsageError
from ml.monitoring.distances import drift
from ml.monitoring.profile import SortedNumbers
from ml.synthetic import sets
from ml.synthetic.fidelity import fidelity
from ml.synthetic.nearest import Space, nearest
from ml.synthetic.privacy import privacy
from ml.synthetic.trees import draw
from tests.unit.ml.people import TRAIN, copying, make, people, set_of


@pytest.fixture
def conn() -> Iterator[duckdb.DuckDBPyConnection]:
    with people() as connection:
        yield connection


def test_rows_are_typed_marked_and_under_keys_that_nobody_has(conn):
    made = make(conn)

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
    make(conn)
    shares = [
        conn.sql(
            "select avg(cast(spent = 0 as int)), avg(cast(region is null as int)), "
            f'avg(cast("left" as int)) from {table}'
        ).fetchone()
        for table in ("gold.people", "landing.synthetic_people")
    ]
    assert shares[1] == pytest.approx(shares[0], abs=0.06)


def test_a_number_that_is_no_spike_is_never_repeated():
    random = np.random.default_rng(0)
    income = np.exp(random.normal(10, 0.6, 2_000))
    rarely = np.where(random.random(2_000) < 0.002, income, np.nan)
    twins = np.repeat(np.sort(random.normal(size=500)), 4)
    spiked = np.where(random.random(2_000) < 0.3, 0.0, income)
    real = np.column_stack([income > 20_000, income, rarely, twins, spiked]).astype(float)
    made = draw(real, [True, *[False] * 4], 2_000, 100, 0).rows
    for at in (1, 2, 3):
        assert not np.isin(made[:, at], real[~np.isnan(real[:, at]), at]).any()
    assert np.unique(made[np.isin(made[:, 4], real[:, 4]), 4]).tolist() == [0.0]
    assert np.isnan(made[:, 2]).mean() == pytest.approx(0.998, abs=0.004)
    assert np.mean(made[:, 4] == 0) == pytest.approx(0.3, abs=0.05)
    for at in (1, 3):
        assert ks_2samp(made[:, at], real[:, at]).statistic < 0.05


def test_a_number_that_a_single_person_has_is_not_told():
    real = np.column_stack([np.arange(400) % 2, np.full(400, np.nan)]).astype(float)
    real[7, 1] = 123.0
    assert np.isnan(draw(real, [True, False], 400, 20, 0).rows[:, 1]).all()


def test_of_many_rows_the_account_tells_of_the_sample_that_was_learnt_from(conn, monkeypatch):
    monkeypatch.setattr("ml.synthetic.trees.MOST_ROWS", 500)
    made = make(conn)
    assert (made.rows, made.learnt_rows, made.leaf) == (900, 500, 50)


def test_the_same_seed_gives_the_same_rows_and_nothing_is_made_twice(conn):
    first = make(conn)
    rows = conn.sql("select * from landing.synthetic_people order by id").fetchall()
    assert make(conn).reused
    conn.execute("drop table landing.synthetic_people")
    again = make(conn)
    assert not again.reused
    assert again.content == first.content
    *kept, _ = zip(*rows, strict=True)
    *anew, _ = zip(*conn.sql("from landing.synthetic_people order by id").fetchall(), strict=True)
    assert kept == anew


def test_copied_people_are_found_and_the_report_says_how_many(conn):
    made = make(conn, generator=copying(0.2))
    assert made.copies
    assert "copies real people" in (made.reason or "")
    (line,) = [each for each in sets.lines(conn, made) if each["metric"] == "copies_exact"]
    assert line["low"] <= 0.2 <= line["high"]


def test_a_rare_value_of_a_flag_is_seen_where_it_is_not_made():
    learnt = np.repeat([0.0, 1.0], [50, 950])[:, None]
    (flag, curve) = fidelity(["flag"], [False], learnt, learnt, np.ones((1_000, 1)))
    assert (flag.metric, flag.value, flag.real) == ("total_variation", pytest.approx(0.05), 0.0)
    assert curve.value == pytest.approx(0.05)


def test_how_far_numbers_lie_apart_is_what_monitoring_tells_of_them():
    random = np.random.default_rng(0)
    learnt, held, made = (random.normal(at, 1, (900, 1)) for at in (0, 0.1, 0.5))
    found = fidelity(["number"], [False], learnt, held, made)
    base = SortedNumbers.of(learnt[:, 0])
    for side, name in ((made, "value"), (held, "real")):
        apart = drift(base.profile, SortedNumbers.of(side[:, 0]), base)
        told = [getattr(each, name) for each in found]
        assert told == pytest.approx([apart.total_variation, apart.kolmogorov_smirnov])
        assert told[1] == pytest.approx(ks_2samp(learnt[:, 0], side[:, 0]).statistic)


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
        set_of(**asked)


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
        make(conn)
    assert sets.versions(conn) == []


def test_a_key_with_a_date_in_it_is_made_where_one_of_its_columns_is_fresh(conn):
    conn.execute("alter table gold.people add column day date")
    conn.execute("update gold.people set day = date '2024-01-01' + cast(length(id) as int)")
    make(conn, set_of(train={**TRAIN, "key": ["id", "day"]}))
    told = conn.sql(
        "select count(distinct id), count(day), min(day), max(day) from landing.synthetic_people"
    ).fetchone()
    real = conn.sql("select min(day), max(day) from gold.people").fetchone()
    assert told == (900, 900, *real)


def test_a_key_of_dates_alone_is_refused_by_name(conn):
    conn.execute("alter table gold.people add column day date")
    conn.execute("update gold.people set day = date '1000-01-01' + cast(id[2:] as integer)")
    with pytest.raises(PipelineError, match=r"of the key 'day' \(DATE\) .* no fresh values"):
        make(conn, set_of(train={**TRAIN, "key": ["day"]}))


def test_a_report_of_another_set_is_another(conn):
    make(conn)
    make(conn, set_of("synthetic_others"))
    assert [each.set for each in sets.versions(conn)] == ["synthetic_others", "synthetic_people"]
