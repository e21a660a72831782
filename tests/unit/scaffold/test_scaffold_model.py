"""What `goldloop new model` asks and writes for each kind of model, or how it refuses."""

import json
from typing import Any

import duckdb
import pytest
import yaml

from dataops.scaffold.asked import Column
from dataops.scaffold.asked_model import AskedModel
from dataops.scaffold.model_files import door_sql, door_yaml, predictions_contract, source_yaml
from dataops.scaffold.model_resolve import TypedModel, asked_model
from dataops.scaffold.model_yaml import exposure_yaml
from dataops.scaffold.resolve import Resolver
from ml.declaration.presets import PRESETS
from ml.errors import UsageError
from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.task_columns import prediction_columns
from ml.train import train
from ml.versions.provenance import Provenance
from tests.unit.features.test_features_declared import manifest, node
from tests.unit.ml.world import NOW
from tests.unit.scaffold.test_scaffold_awkward import is_what_is_expected, land, run

SOLD = {"shop": "varchar", "guest": "integer", "dish": "integer", "stars": "double",
        "is_late": "boolean", "as_of": "date"}  # fmt: skip
TABLES = {"sold": SOLD, "guests": {"guest": "bigint", "as_of": "date", "seen_on": "timestamp"}}
FORECAST = {"label": "stars", "every": "day", "horizon": 7}
ASKED: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("k_means", "pca", "isolation_forest"), {}),
    **dict.fromkeys(("auto_arima", "auto_ets", "auto_theta", "mstl", "seasonal_naive"), FORECAST),
    "matrix_factorization": {"item": "dish", "key": ["guest"], "score_on": "guests"},
    "linear_regression": {"label": "stars"},
}


def resolve(**changes: Any) -> AskedModel:
    nodes = [
        node(name, {}, {key: {"data_type": kind, "description": key} for key, kind in has.items()})
        for name, has in TABLES.items()
    ]
    usual = {"name": "m", "on": "sold", "key": ["shop"], "time": "as_of", "score_on": "sold"}
    typed = TypedModel(**(usual | changes))
    return asked_model(Resolver(manifest(*nodes), {}, None), typed, "Trade: all")


def of(preset: str) -> AskedModel:
    return resolve(preset=preset, **ASKED.get(preset, {"label": "is_late"}))


def declared(asked: AskedModel) -> ModelSpec:
    [exposure] = yaml.safe_load(exposure_yaml(asked))["exposures"]
    return parse_spec("m", exposure["config"]["meta"]["ml"], file="m.yml")


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_written_of_each_preset_is_a_declaration_of_its_task(preset: str) -> None:
    asked = of(preset)
    spec = declared(asked)
    assert (spec.task, spec.train.label) == (asked.task, ASKED.get(preset, {"label": "is_late"})
                                             .get("label"))  # fmt: skip
    source = yaml.safe_load(source_yaml(asked))["sources"][0]["tables"][0]
    assert [each["name"] for each in source["columns"]] == [each.name for each in asked.columns]
    assert {each.name for each in asked.columns} == {*prediction_columns(asked.task),
                                                     *spec.score.key}  # fmt: skip
    promised = yaml.safe_load(predictions_contract(asked))
    assert {each["name"] for each in promised["columns"]} <= {each.name for each in asked.columns}
    assert set(asked.grain) <= set(promised["check_attributes"]["key"])


@pytest.mark.parametrize(
    "preset", ["boosted_trees", "k_means", "pca", "matrix_factorization", "seasonal_naive"]
)
def test_readers_of_each_kind_see_what_was_scored_last_whole(preset: str) -> None:
    asked = of(preset)
    test = yaml.safe_load(door_yaml(asked))["unit_tests"][0]
    connection = duckdb.connect()
    land(connection, "m", asked.columns, test["given"][0]["rows"])
    found, wanted = run(door_sql(asked), connection), test["expect"]["rows"]
    assert len(found) == len(wanted)
    for row, expected in zip(sorted(found, key=lambda row: row["as_of_date"]), wanted, strict=True):
        assert is_what_is_expected(row, expected), (row, expected)


def test_a_recommender_names_users_and_items_and_is_judged_by_ratings_where_there_are() -> None:
    asked = resolve(preset="matrix_factorization", key=["guest", "dish"], item="dish",
                    rating="stars", score_on="guests", score_time="seen_on")  # fmt: skip
    spec = declared(asked)
    assert (spec.train.key, spec.train.item, spec.train.rating) == (("guest", "dish"), "dish",
                                                                    "stars")  # fmt: skip
    assert (spec.score.key, spec.score.time) == (("guest",), "seen_on")
    assert spec.problem.success[0].metric == "rmse"
    # As the table that is scored has it, and not the one that is learnt from.
    assert asked.key == (Column("guest", "bigint", "guest"),)
    assert spec.problem.question == "Which dish will this guest take next?"


def test_a_forecast_has_its_series_and_their_season() -> None:
    spec = declared(of("auto_ets"))
    assert spec.train.series is not None
    assert (spec.train.series.every, spec.train.series.horizon) == ("day", 7)
    assert spec.estimator.params == {"season_length": 7}
    own = declared(of("seasonal_naive")).problem.success[0]
    assert (own.beats_baseline_by, own.judge) == (0, "value")


def test_how_many_clusters_there_are_is_searched_for() -> None:
    """Eight, the usual number of k_means, of three kinds are worse than none."""
    spec = declared(of("k_means"))
    assert spec.tune is not None
    connection = duckdb.connect()
    connection.execute(
        "create schema gold; create table gold.sold as select 'shop ' || i as shop, "
        "i % 3 * 100 + hash(i, 'a') % 10 as dish, i % 3 * 10 + hash(i, 'b') % 3 as stars, "
        "date '2025-01-01' + (i // 4)::int as as_of from range(400) as t(i)"
    )
    relations = {"sold": Relation("gold", "sold")}
    version = train(connection, spec, relations, Provenance("run-1"), now=NOW)
    assert version.status == "champion", version.reason
    assert json.loads(version.params)["n_clusters"] == 3


def test_the_task_is_that_of_the_label_or_of_the_metric() -> None:
    assert declared(resolve(label="stars")).task == "regression"
    assert declared(resolve(label="guest", metric="roc_auc")).task == "classification"
    assert declared(resolve(label="guest", preset="logistic_regression")).task == "classification"
    judged = declared(resolve(label="is_late", preset="isolation_forest"))
    assert (judged.task, judged.problem.success[0].metric) == ("anomaly_detection", "roc_auc")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, r"boosted_trees \(classification\) needs --label — add: --label COLUMN"),
        ({"preset": "k_means", "label": "stars"},
         r"--label is 'stars', of which k_means \(clustering\) has no use; .* — leave --label out"),
        ({"preset": "pca", "every": "day"}, "--every is 'day', of which pca"),
        ({"preset": "mstl", "label": "stars"},
         r"mstl \(forecast\) needs --every and --horizon — add: --every day --horizon 7"),
        ({"preset": "mstl", **FORECAST, "every": "fortnight"}, "'fortnight'; allowed: minute,"),
        ({"preset": "mstl", **FORECAST, "horizon": 0}, "--horizon is 0; allowed: a whole number"),
        ({"preset": "mstl", **FORECAST, "key": ["guest"], "score_on": "guests"},
         "--score-on, which needs the history, names 'stars'"),
        ({"preset": "matrix_factorization"}, "needs --item — add: --item COLUMN"),
        ({"preset": "matrix_factorization", "item": "dish", "key": ["shop", "guest"]},
         "--key names shop, guest; allowed for a recommendation: the user's column alone"),
        ({"preset": "matrix_factorization", "item": "dish", "key": ["guest"], "metric": "mae"},
         "--metric is 'mae', which matrix_factorization is judged by with --rating only"),
        ({"preset": "isolation_forest", "metric": "roc_auc"}, "with --label only"),
        ({"preset": "k_means", "metric": "roc_auc"},
         "--metric is 'roc_auc'; allowed for k_means: silhouette"),
        ({"preset": "k_mean"}, "--preset is 'k_mean'; allowed: k_means"),
        ({"preset": "k_means", "time": "as_off"}, "'as_off', no column .* it has: as_of"),
        ({"preset": "k_means", "key": ["guest"], "score_on": "guests", "score_time": "seen"},
         "--score-time names 'seen', no column"),
    ],
)  # fmt: skip
def test_what_a_kind_needs_is_asked_for_and_what_it_has_no_use_for_is_refused(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        resolve(**changes)
