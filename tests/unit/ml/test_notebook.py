"""A release in a notebook: read-only, with what is trained there kept in memory."""

import importlib.util
import json
from pathlib import Path

import duckdb
import pytest

import ml
from ml.errors import PipelineError, UsageError
from tests.unit.ml.world import World, declare, small_world

NOTEBOOK = Path(__file__).parents[3] / "examples" / "notebook" / "try_a_model.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose current release holds a trained model."""
    folder = tmp_path / "warehouse" / "releases" / "r1"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        world: World = small_world(connection)
        world.train()
    nodes = {
        f"model.it.{name}": {
            "name": name, "schema": relation.schema, "alias": relation.name,
            "resource_type": "model",
        }
        for name, relation in world.relations.items()
    }  # fmt: skip
    exposure = {
        "name": "model", "type": "ml", "original_file_path": "models/m.yml",
        "config": {"meta": {"ml": declare()}},
    }  # fmt: skip
    manifest = {"nodes": nodes, "exposures": {"exposure.it.model": exposure}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "warehouse" / "current").symlink_to("releases/r1")
    return tmp_path


def bytes_of(project: Path) -> bytes:
    return (project / "warehouse" / "current" / "warehouse.duckdb").read_bytes()


def test_what_is_trained_and_scored_is_given_back_and_the_release_stays(project: Path) -> None:
    before = bytes_of(project)
    release = ml.connect(project)
    kept = release.train("model")
    assert (kept.name, kept.reused) == ("model@1", True)
    changed = declare({"estimator": {"preset": "logistic_regression", "params": {"C": 0.5}}})
    tried = release.train(changed, name="tried")
    assert (tried.name, tried.reused, tried.release) == ("tried@1", False, "r1")
    told = release.score("model").to_arrow_table()
    assert (
        told.num_rows == release.connection.sql("select 1 from gold.ftr").to_arrow_table().num_rows
    )
    metrics = dict(
        release.evaluate("tried")
        .filter("data = 'test' and segment = 'all' and value is not null")
        .project("metric, value")
        .fetchall()
    )
    assert metrics == pytest.approx(dict(tried.metrics))
    release.connection.close()
    assert bytes_of(project) == before


def test_nothing_of_the_release_can_be_written(project: Path) -> None:
    with pytest.raises(duckdb.Error, match="read-only"):
        ml.connect(project).connection.execute("drop table warehouse.ml.model_versions")


def test_what_is_not_there_is_told_with_what_is(project: Path, tmp_path: Path) -> None:
    release = ml.connect(project)
    with pytest.raises(UsageError, match="declares no ML model 'modle'; it has: model"):
        release.train("modle")
    with pytest.raises(UsageError, match=r"model@9 is no version here; there are: model@1"):
        release.evaluate("model", 9)
    with pytest.raises(PipelineError, match=r"has no release — type: goldloop"):
        ml.connect(tmp_path / "elsewhere")


def test_the_warehouse_stands_where_the_environment_says(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "elsewhere"
    (project / "warehouse").rename(home)
    with pytest.raises(PipelineError, match="has no release"):
        ml.connect(project)
    monkeypatch.setenv("GOLDLOOP_HOME", str(home))
    assert ml.connect(project).id == "r1"


def test_the_notebook_runs_from_top_to_bottom(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("marimo", reason="the extra notebook is not installed")
    monkeypatch.setenv("GOLDLOOP_PROJECT_DIR", str(project))
    monkeypatch.delenv("GOLDLOOP_HOME", raising=False)
    found = importlib.util.spec_from_file_location("try_a_model", NOTEBOOK)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    _, made = module.app.run()
    assert made["declared"].reused
    assert made["tried"].estimator == "random_forest"
    assert made["judged"].keys() == {"model", "tried"}
    assert all(low <= value <= high for value, low, high in made["judged"]["tried"].values())
    assert made["judged"]["tried"].keys() == made["judged"]["model"].keys() >= {"roc_auc"}
    assert made["predictions"].num_rows > 0
