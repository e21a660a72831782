"""What SQL alone is refused: models it cannot train, and what it cannot ask of one."""

from pathlib import Path

import pytest

from orchestration.assets.sql_trained import STRICT
from tests.sql_shop import ROWS, TRAINS, dbt, rows, trains, write_shop

pytestmark = pytest.mark.long

AFTER = "-- depends_on: {{ ref('purchase') }}\n"
# Models that ask for what is not there, or that cannot be trained.
WRONG = {
    "untrained": f"{AFTER}select * from {{{{ ml_predict('nobody', ref('visits')) }}}} as t",
    "lacking": f"{AFTER}select * from {{{{ ml_predict('purchase', ref('keys')) }}}} as t",
    "keys": "select visit_id from {{ ref('visits') }}",
    "viewed": "{{ config(materialized='view') }} -- depends_on: {{ ref('purchase') }}\n"
    "select * from {{ ml_predict('purchase', ref('visits')) }} as t",
    "again": "select * from {{ ml_predict(ref('purchase'), ref('told')) }} as t",
    "no_model": "select * from {{ ml_evaluate(ref('visits')) }} as t",
    "other_version": "select * from {{ ml_predict(ref('purchase'), ref('visits'), 9) }}",
    "no_version": "select * from {{ ml_evaluate(ref('purchase'), version=9) }} as t",
    "not_odd": "select * from {{ ml_detect_anomalies(ref('purchase'), ref('visits')) }}",
    "misspelt": f"{AFTER}select * from {{{{ ml_evaluate('purchse') }}}} as t",
    "no_series": "select * from {{ ml_forecast(ref('purchase')) }} as t",
    "no_step": "select * from {{ ml_forecast(ref('sales'), horizon=0) }} as t",
    "no_value": "select * from {{ ml_forecast(ref('sales'), ref('keys')) }} as t",
    "no_user": "select * from {{ ml_recommend(ref('likes'), ref('keys')) }} as t",
    "row_by_row": "select * from {{ ml_predict(ref('likes'), ref('visits')) }} as t",
    "unlabelled": trains(
        TRAINS, "select * replace (null::boolean as is_bought) from {{ ref('visits') }}"
    ),
    "featureless": trains(
        TRAINS, "select visit_id, is_bought, visit_date from {{ ref('visits') }}"
    ),
    "endless": "select * from {{ ml_predict(ref('purchase'), ref('infinite')) }} as t",
    "infinite": "select * replace (cast('inf' as double) as pages) from {{ ref('visits') }}",
}
SAID = (
    "ml_predict asks ML model 'nobody', which was never trained; trained are: ",
    "feature 'pages' of purchase@1 is not a column of main.keys; it has: visit_id",
    "models/viewed.sql calls ml_predict and is materialized as view",
    "ml_predict adds prediction, score, model_name, model_version to the columns of main.told",
    "allowed: ref() of a model materialized as ml_model (featureless, likes, odd, purchase, ",
    "ml_predict asks purchase@9, which there is not; there are: purchase@1 (champion)",
    "ml_evaluate asks purchase@9, which there is not; there are: purchase@1 (champion)",
    "ml_detect_anomalies asks purchase@1, a classification; allowed: a model of task anomaly_",
    "feature 'pages' of purchase@1 is infinite in a row",
    "label 'is_bought' is null in every row of main.unlabelled__training",
    "main.featureless__training has no feature: its columns are only the label, the key and",
    "ml_evaluate asks ML model 'purchse', which was never trained; trained are: purchase",
    "ml_forecast asks purchase@1, a classification; allowed: a model of task forecast",
    "ml_forecast is given horizon=0; allowed: 1 to 10,000 steps",
    "ml_forecast reads 'channel' for sales@1, which is not a column of main.keys",
    "ml_recommend reads 'visitor' for likes@1, which is not a column of main.keys",
    "ml_predict asks likes@1, a recommendation, which tells of no row by its features",
)


def test_what_was_never_trained_lacks_a_feature_or_is_a_view_is_told_by_name(
    tmp_path: Path,
) -> None:
    folder = write_shop(tmp_path)
    for name, sql in WRONG.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    done = dbt(folder, "build")
    assert done.returncode == 1
    for said in SAID:
        assert said in done.stdout, said
    assert "ERROR=17" in done.stdout
    assert rows(folder, "select count(*) from told") == [(ROWS,)]


def test_a_declaration_that_is_wrong_is_refused_before_the_select_is_run(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    path = folder / "models" / "purchase.sql"
    path.write_text(trains({**TRAINS, "lable": "x"}, "select error('the select was run')"))
    done = dbt(folder, "build", "--select", "+purchase")
    assert "unknown key lable" in done.stdout
    assert "the select was run" not in done.stdout
    assert "Compilation Error in model purchase (models/purchase.sql)" in done.stdout


def test_a_profile_without_the_plugin_is_told_what_to_add(tmp_path: Path) -> None:
    done = dbt(write_shop(tmp_path, plugin=False), "build", "--select", "+purchase")
    assert done.returncode == 1
    assert "target 'dev' of profile 'shop' does not name goldloop's plugin" in done.stdout
    assert "plugins: [{module: orchestration.dbt_plugin}]" in done.stdout


def test_a_version_that_misses_its_criteria_leaves_the_champion_or_ends_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_shop(tmp_path)
    path = folder / "models" / "purchase.sql"
    strict = {**TRAINS, "success": [{"metric": "roc_auc", "at_least": 0.999}]}
    path.write_text(trains(strict))
    first = dbt(folder, "build", "--select", "+told")
    assert first.returncode == 1
    assert "no version of 'purchase' can score" in first.stdout
    assert "roc_auc" in first.stdout
    assert "SKIP relation main.told" in first.stdout
    assert rows(folder, "select status from ml.model_versions") == [("rejected",)]
    path.write_text(trains(TRAINS))
    assert dbt(folder, "build", "--select", "+told").returncode == 0
    path.write_text(trains(strict, "select * from {{ ref('visits') }} where visit_id > 100"))
    third = dbt(folder, "build", "--select", "+told")
    assert third.returncode == 0, third.stdout
    assert "purchase@2 goes on scoring" in third.stdout
    assert rows(folder, "select distinct model_version from told") == [(2,)]
    # What goldloop ci asks of dbt: what misses its criteria is no change to merge.
    monkeypatch.setenv(STRICT, "1")
    fourth = dbt(folder, "build", "--select", "purchase")
    assert fourth.returncode == 1
    assert "purchase@3 is rejected" in fourth.stdout


def test_a_feature_made_of_the_label_is_refused_as_of_an_exposure(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    (folder / "models" / "purchase.sql").write_text(
        trains(TRAINS, "select *, not is_bought as is_lost from {{ ref('visits') }}")
    )
    done = dbt(folder, "build", "--select", "+purchase")
    assert done.returncode == 1
    assert "know its label 'is_bought'" in done.stdout
    assert "feature 'is_lost'" in done.stdout
    assert rows(folder, "select count(*) from ml.model_versions") == [(0,)]
