"""ML models from SQL alone, in plain `dbt build`: no Dagster, no command of ours."""

import json
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.stats import norm

from ml.versions import registry
from ml.versions.registry import load
from tests.conftest import Run
from tests.sql_shop import ASKS, ROWS, TRAINS, dbt, rows, trains, write_shop

pytestmark = pytest.mark.long

BEFORE = ("visit_id", "pages", "channel", "is_bought", "visit_date")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after its first build."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    done = dbt(folder, "build")
    assert done.returncode == 0, done.stdout
    assert "purchase@1 champion, trained: accuracy" in done.stdout
    return folder


@pytest.mark.parametrize("name", ASKS)
def test_every_macro_makes_a_table_that_others_read(shop: Path, name: str) -> None:
    assert rows(shop, f"select count(*) from {name}")[0][0]


def test_every_row_is_told_with_its_own_columns_as_scikit_learn_tells_it(shop: Path) -> None:
    with duckdb.connect(str(shop / "warehouse.duckdb"), read_only=True) as connection:
        version = registry.champion(connection, "purchase")
        assert version is not None
        model = load(connection, version)
        told = connection.execute(
            "select t.* from told as t join visits as v using (visit_id) where "
            "(t.pages, t.channel, t.is_bought) is not distinct from "
            "(v.pages, v.channel, v.is_bought) order by visit_id"
        ).to_arrow_table()
        features = connection.execute(
            "select cast(pages as double), channel from visits order by visit_id"
        ).to_arrow_table()
    scores = model.tell(model.encoder.encode(features))[:, 1]
    assert told.column_names[:5] == list(BEFORE)
    assert told.num_rows == ROWS
    assert np.array_equal(told["score"].to_numpy(), scores)
    assert told["prediction"].to_pylist() == list(scores >= 0.5)
    assert set(told["model_version"].to_pylist()) == {1}


def test_a_cte_a_name_and_a_prefix_tell_the_same(shop: Path) -> None:
    differing = (
        "select count(*) filter (told.score is distinct from {other}), count(*) "
        "from told join {table} as other using (visit_id)"
    )
    assert rows(shop, differing.format(other="other.score", table="told_by_name")) == [(0, ROWS)]
    assert rows(shop, differing.format(other="other.p_score", table="told_of_some")) == [(0, 7)]


def test_a_reason_is_a_feature_and_effects_come_largest_first(shop: Path) -> None:
    found = rows(
        shop,
        "select count(*) filter (abs(reason_1_effect) < abs(reason_2_effect)), "
        "count(*) filter (reason_1 not in ('pages', 'channel')), count(reason_1) from explained",
    )
    assert found == [(0, 0, ROWS)]


def test_what_is_asked_of_a_version_is_what_the_registry_has(shop: Path) -> None:
    assert rows(shop, "select metric, value from evaluated order by metric") == rows(
        shop,
        "select metric, value from ml.evaluations where data = 'test' and segment = 'all' "
        "and model = 'purchase' order by metric",
    )
    assert rows(shop, "select sum(rows) from confused") == rows(
        shop, "select test_rows from ml.model_versions where model = 'purchase'"
    )
    assert rows(shop, "select feature, kind, categories from featured") == [
        ("pages", "number", 0),
        ("channel", "category", 2),
    ]
    assert rows(shop, "select model, version, status from purchase") == [
        ("purchase", 1, "champion")
    ]


def test_anomalies_are_those_that_scikit_learn_flags(shop: Path) -> None:
    with duckdb.connect(str(shop / "warehouse.duckdb"), read_only=True) as connection:
        version = registry.champion(connection, "odd")
        assert version is not None
        model = load(connection, version)
        told = connection.execute("select * from odd_visits order by visit_id").to_arrow_table()
        features = connection.execute(
            "select cast(pages as double), channel from visits order by visit_id"
        ).to_arrow_table()
    matrix = model.encoder.encode(features)
    assert told.column_names == [
        *BEFORE, "is_anomaly", "anomaly_score", "model_name", "model_version"
    ]  # fmt: skip
    assert np.array_equal(told["anomaly_score"].to_numpy(), -model.estimator.score_samples(matrix))
    flagged = told["is_anomaly"].to_pylist()
    assert flagged == list(model.estimator.predict(matrix) == -1)
    assert 0 < sum(flagged) < ROWS / 4


def test_a_forecast_is_the_value_of_a_season_ago_from_where_the_history_ends(shop: Path) -> None:
    """The method is seasonal naive, so that SQL tells what must come out."""
    wrong = (
        "select count(*) filter (told.prediction is distinct from before.visits), count(*), "
        "min(told.step), max(told.step), count(distinct told.channel) from {} as told "
        "left join visits_daily as before on told.channel = before.channel and "
        "before.visit_date + 7 * (1 + (told.step - 1) // 7) = told.forecast_at"
    )
    assert rows(shop, wrong.format("visits_ahead")) == [(0, 14, 1, 7, 2)]
    assert rows(shop, wrong.format("few_ahead")) == [(0, 6, 1, 3, 2)]
    assert rows(
        shop, "select distinct as_of_date, forecast_at - to_days(step), level from few_ahead"
    ) == [(date(2026, 1, 31), datetime(2026, 1, 31), 0.8)]
    # The bounds of a normal error: 80 % is a smaller share of the same spread than 95 %.
    spread = "select channel, (high - prediction) / {} from {} where step = 1 order by all"
    wide = rows(shop, spread.format(norm.ppf(0.975), "visits_ahead"))
    assert [each for _, each in wide] == pytest.approx(_spreads(shop))
    for channel, narrow in rows(shop, spread.format(norm.ppf(0.9), "few_ahead")):
        until = _spreads(shop, "and later.visit_date < date '2026-02-01'")
        assert narrow == pytest.approx(dict(zip(["mail", "search"], until, strict=True))[channel])


def _spreads(shop: Path, where: str = "") -> list[object]:
    found = rows(
        shop,
        "select sqrt(avg(power(later.visits - before.visits, 2))) from visits_daily as later "
        "join visits_daily as before on later.channel = before.channel and "
        f"later.visit_date = before.visit_date + 7 where true {where} "
        "group by later.channel order by later.channel",
    )
    return [each for (each,) in found]


def test_no_visitor_is_shown_what_was_read_and_a_stranger_what_most_have_read(shop: Path) -> None:
    assert rows(
        shop, "select count(*), count(distinct visitor), any_value(kind) from pages_liked"
    ) == [(62 * 3, 62, "x")]
    assert rows(
        shop,
        "select count(*) from pages_liked as told semi join likes__training as had "
        "on told.visitor = had.visitor and told.item = had.page",
    ) == [(0,)]
    strangers = "select distinct visitor from pages_liked where is_fallback order by all"
    assert rows(shop, strangers) == [(60,), (61,)]
    ((shown, first),) = rows(
        shop,
        "select list(distinct item), (select item from pages_liked where visitor = 60 and rank = 1)"
        " from pages_liked where visitor = 61",
    )
    assert first in shown
    assert rows(
        shop,
        "select count(*) from liked_by_all as every join pages_liked as one using (visitor, rank) "
        "where every.item is distinct from one.item or every.score is distinct from one.score",
    ) == [(0,)]
    assert rows(shop, "select count(distinct visitor), max(rank) from liked_by_all") == [(60, 10)]


def test_planted_drift_and_skew_are_found_and_nothing_else(shop: Path) -> None:
    drifted = "select column_name from {} where is_drifted order by all"
    assert rows(shop, drifted.format("drifted")) == [("pages",), ("visit_id",)]
    assert rows(shop, drifted.format("skewed")) == [("pages",)]
    # Every page moved by 12: the distance to move is what rows of later dates had, and 12.
    ((moved, wanted),) = rows(
        shop,
        "select (select wasserstein from skewed where column_name = 'pages'), "
        "(select avg(pages) from later_visits) - (select avg(pages) from purchase__training)",
    )
    assert moved == pytest.approx(wanted)


def test_a_second_build_trains_nothing_again(shop: Path) -> None:
    done = dbt(shop, "build", "--select", "purchase")
    assert done.returncode == 0, done.stdout
    assert "purchase@1 champion, unchanged" in done.stdout
    assert rows(shop, "select model, version from ml.model_versions order by all") == [
        ("likes", 1), ("odd", 1), ("purchase", 1), ("sales", 1)
    ]  # fmt: skip


def test_looking_and_building_without_rows_need_no_trained_model(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    for command in (("compile",), ("build", "--empty")):
        done = dbt(folder, *command)
        assert done.returncode == 0, done.stdout
    assert rows(folder, "select count(*) from ml.model_versions") == [(0,)]
    for name in ("told", "odd_visits", "drifted", "skewed", "visits_ahead", "liked_by_all"):
        assert rows(folder, f"select count(*) from {name}") == [(0,)]
    assert rows(folder, "select typeof(psi), typeof(is_drifted) from "
                "(select null) left join drifted on true") == [("DOUBLE", "BOOLEAN")]  # fmt: skip


def test_a_run_trains_in_its_dbt_step_and_asks_an_exposure_after_its_training(
    stranger: Path, goldloop: Run
) -> None:
    sql = "select * from {{ ref('visit_training') }}"
    (stranger / "models" / "buyers.sql").write_text(trains(TRAINS, sql))
    for name, model in (("by_ref", "ref('buyers')"), ("by_name", "'purchase'")):
        call = f"{{{{ ml_predict({model}, ref('visit_features')) }}}}"
        (stranger / "models" / f"{name}.sql").write_text(f"select * from {call} as told")
    missing = goldloop("run", project=stranger)
    assert missing.returncode == 2
    assert "a macro the project has not — type: goldloop models install" in missing.stderr
    assert goldloop("models", "install", project=stranger).returncode == 0
    done = goldloop("run", project=stranger)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = json.loads(goldloop("models", "--json", project=stranger).stdout)
    release = json.loads((stranger / "warehouse/current/release.json").read_text())
    assert {(each["model"], each["run_id"]) for each in listed} == {
        ("buyers", release["run"]),
        ("purchase", release["run"]),
    }
    assert "buyers@1, champion" in goldloop("models", "show", "buyers", project=stranger).stdout
    file = (stranger / "warehouse/current/warehouse.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as connection:
        told = connection.execute(
            "select count(*) filter (told.score is distinct from kept.score), count(*) "
            "from main_gold.by_name as told join predictions.purchase as kept using (visit_id)"
        ).fetchall()
        assert connection.execute("select count(*) from main_gold.buyers").fetchall() == [(1,)]
    assert told == [(0, 600)]
