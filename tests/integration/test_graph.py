"""The graph of the shipped project: one graph, both halves, owned, described, without a circle."""

import importlib
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.project import Project

ROOT = Path(__file__).parents[2]
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse folder of the tests' own."""
    return tmp_path_factory.mktemp("graph") / "warehouse"


@pytest.fixture(scope="module")
def definitions(home: Path) -> Iterator[dg.Definitions]:
    """The code location as Dagster loads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOLDLOOP_PROJECT_DIR", str(ROOT))
        patch.setenv("GOLDLOOP_HOME", str(home))
        yield importlib.import_module("orchestration.definitions").defs


@pytest.fixture(scope="module")
def manifest(home: Path) -> Manifest:
    """The shipped project as dbt has parsed it."""
    found: Manifest = dict(Project(ROOT, home, ROOT).manifest.raw)
    return found


def test_the_chain_runs_from_landing_through_both_models_to_the_marts(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    chain = [
        "landing/support__calls",
        "gold/trn_call_sentiment",
        "ml/call_sentiment",
        "predictions/call_sentiment",
        "gold/ftr_customers",
        "ml/churn",
        "predictions/churn",
        "gold/rpt_retention",
    ]
    keys = [dg.AssetKey.from_user_string(name) for name in chain]
    for upstream, downstream in zip(keys, keys[1:], strict=False):
        selection = dg.AssetSelection.assets(downstream).upstream()
        assert upstream in selection.resolve(graph), f"{upstream} -> {downstream}"


def test_groups_are_layers_and_every_asset_is_described(definitions: dg.Definitions) -> None:
    specs = definitions.resolve_all_asset_specs()
    own = [spec for spec in specs if spec.group_name != "default"]
    assert {spec.group_name for spec in own} == {
        "landing",
        "bronze",
        "silver",
        "gold",
        "ops",
        "ml",
        "predictions",
    }
    assert [spec.key.to_user_string() for spec in own if not spec.description] == []
    assert [spec.key.to_user_string() for spec in own if spec.key.path[0] != spec.group_name] == []
    owned = [spec for spec in own if spec.group_name in ("ml", "predictions", "gold")]
    assert [spec.key.to_user_string() for spec in owned if not spec.owners] == []


def test_dbt_tests_are_checks_of_their_assets_and_the_loop_runs_daily(
    definitions: dg.Definitions,
) -> None:
    checks = definitions.resolve_asset_graph().asset_check_keys
    assert len(checks) > 150
    assert {key.asset_key.path[0] for key in checks} >= {"landing", "silver", "gold", "ml"}
    [schedule] = definitions.schedules or []
    assert (schedule.job_name, schedule.cron_schedule) == ("loop", "0 5 * * *")


def test_the_code_location_is_what_dagster_accepts(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


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
