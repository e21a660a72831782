"""The asset graph of the shipped project: one graph, both halves, owned and described."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    """The code location as Dagster loads it, with a warehouse folder of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOLDLOOP_PROJECT_DIR", str(ROOT))
        patch.setenv("GOLDLOOP_HOME", str(tmp_path_factory.mktemp("graph") / "warehouse"))
        yield importlib.import_module("orchestration.definitions").defs


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
