"""Assertions over the manifest: who may read whom, and that the loop of the ML models is open."""

import re
from graphlib import TopologicalSorter
from typing import Any

import pytest

from tests.integration.sql.scratch import Scratch

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    scratch = Scratch(tmp_path_factory.mktemp("parsed"))
    scratch.dbt("parse")
    return scratch.manifest()


def models(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_sources_are_read_in_bronze_only(manifest: Manifest) -> None:
    for node in models(manifest):
        reads_source = any(p.startswith("source.") for p in node["depends_on"]["nodes"])
        assert not reads_source or node["schema"] == "bronze", node["name"]


def test_predictions_enter_by_their_own_bronze_models_only(manifest: Manifest) -> None:
    doors = {
        (node["name"], parent.split(".")[-1])
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.goldloop.predictions.")
    }
    assert doors == {(f"brz_predictions__{name}", name) for name in ("call_sentiment", "churn")}


def test_a_feature_view_reads_of_predictions_only_what_may_be_a_feature(manifest: Manifest) -> None:
    read = {}
    for node in models(manifest):
        doors = [p for p in node["depends_on"]["nodes"] if ".brz_predictions__" in p]
        if doors and node["config"]["meta"].get("feature_view"):
            read[node["name"]] = set(re.findall(r"\w+", node["raw_code"]))
    assert read.keys() == {"ftr_call_tones"}
    for names in read.values():
        assert {"feature_score", "learnt_until"} <= names
        assert not {"score", "prediction"} & names


def test_bronze_has_one_parent_each(manifest: Manifest) -> None:
    for node in models(manifest):
        if node["schema"] == "bronze":
            assert len(node["depends_on"]["nodes"]) == 1, node["name"]


def test_gold_and_what_reads_predictions_have_an_enforced_contract(manifest: Manifest) -> None:
    for node in models(manifest):
        reads_predictions = "predictions" in " ".join(node["depends_on"]["nodes"])
        if node["schema"] == "gold" or reads_predictions:
            assert node["contract"]["enforced"], node["name"]


def test_every_landing_source_has_its_bronze_model(manifest: Manifest) -> None:
    read = {parent for node in models(manifest) for parent in node["depends_on"]["nodes"]}
    assert set(manifest["sources"]) <= read


def test_the_models_chain_through_their_predictions_without_a_cycle(manifest: Manifest) -> None:
    parents = {child: set(nodes) for child, nodes in manifest["parent_map"].items()}
    for name in ("call_sentiment", "churn"):
        parents[f"source.goldloop.predictions.{name}"] = {f"exposure.goldloop.{name}"}
    order = [node.split(".")[-1] for node in TopologicalSorter(parents).static_order()]
    chain = ["trn_call_sentiment", "brz_predictions__call_sentiment", "ftr_call_tones"]
    chain += ["ftr_customers", "trn_churn"]
    chain += ["brz_predictions__churn", "rpt_retention"]
    assert sorted(chain, key=order.index) == chain
