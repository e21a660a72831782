"""What a model of materialization ml_model may declare, and what is asked of exposures by name."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dataops.manifest import Manifest, called_models
from ml.errors import UsageError
from orchestration.assets.model_calls import after_models
from orchestration.assets.sql_step import UNIQUE_ID
from orchestration.assets.sql_trained import call_of
from orchestration.declared_in_sql import node_spec
from tests.sql_shop import LIKES, SALES, TRAINS

NESTED = {
    "problem": {name: TRAINS[name] for name in ("question", "decision", "success")},
    "train": {name: TRAINS[name] for name in ("label", "key", "time")},
    "estimator": {name: TRAINS[name] for name in ("preset", "params")},
}


def asked(folder: Path, meta: Any) -> dict[str, Any]:
    return {"name": "purchase", "file": "models/purchase.sql", "meta": meta, "folder": str(folder)}


def test_flat_and_by_part_are_one_declaration(tmp_path: Path) -> None:
    flat, nested = (node_spec(asked(tmp_path, meta)) for meta in (TRAINS, NESTED))
    mixed = node_spec(asked(tmp_path, {**NESTED, "seed": 0, "split": {"by": "time", "test": 0.2}}))
    assert flat == nested == mixed
    assert flat.train.on == "purchase"


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        (None, r"config.meta.ml is None; allowed: a mapping"),
        ({**TRAINS, "lable": 1}, r"unknown key lable \(value 1\)"),
        ({**TRAINS, "score": {"on": "x"}}, r"score is no key here: SQL scores by ml_predict"),
        ({**NESTED, "train": {"on": "x"}}, r"train.on is no key here"),
        ({**NESTED, "label": "y"}, r"label stands twice; allowed: once, flat or in train"),
        ({**TRAINS, "preset": "boosted_treez"}, r"estimator.preset is 'boosted_treez'"),
        ({"label": "y"}, r"train.key is missing"),
        ({**NESTED, "train": 3}, r"train is 3; allowed: a mapping"),
    ],
)
def test_what_may_not_be_declared_is_refused_with_the_file(
    tmp_path: Path, meta: Any, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        node_spec(asked(tmp_path, meta))
    assert "models/purchase.sql" in str(caught.value)


@pytest.mark.parametrize(
    ("meta", "call"),
    [
        (TRAINS, "ml_predict(ref('m'), ref(…))"),
        (SALES, "ml_forecast(ref('m'))"),
        ({"estimator": {"preset": "matrix_factorization"}}, "ml_recommend(ref('m'))"),
        (None, "ml_predict(ref('m'), ref(…))"),
    ],
)
def test_a_model_that_sql_trains_is_asked_by_the_macro_of_its_task(meta: Any, call: str) -> None:
    node = {
        "name": "m", "schema": "s", "alias": "m",
        "config": {"materialized": "ml_model", "meta": {"ml": meta}},
    }  # fmt: skip
    assert call_of(Manifest({"nodes": {"model.a.m": node}}), "m") == call


def test_who_is_recommended_to_is_the_user_alone(tmp_path: Path) -> None:
    assert node_spec(asked(tmp_path, LIKES)).score.key == ("visitor",)
    assert node_spec(asked(tmp_path, SALES)).score.key == ("channel",)


def test_sql_that_asks_an_exposures_model_is_built_after_its_training() -> None:
    sql = "select * from {{ ml_predict('buyers', ref('visits')) }} {{ ml_evaluate(ref('x')) }}"
    node = {"raw_code": sql}
    assert called_models(node) == {"buyers"}
    exposure = {
        "name": "buyers", "type": "ml", "original_file_path": "m.yml", "description": "",
        "owner": {}, "config": {"meta": {}},
    }  # fmt: skip
    manifest = Manifest(
        {"nodes": {"model.a": node}, "sources": {}, "exposures": {"exposure.b": exposure}}
    )
    spec = dg.AssetSpec(["gold", "told"], deps=["visits"], metadata={UNIQUE_ID: "model.a"})
    asked_after = {dep.asset_key for dep in after_models(spec, manifest).deps}
    assert asked_after == {dg.AssetKey("visits"), dg.AssetKey(["ml", "buyers"])}
    other = dg.AssetSpec(["gold", "other"], metadata={UNIQUE_ID: "model.c"})
    assert after_models(other, manifest) == other
