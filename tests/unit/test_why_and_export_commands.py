"""``models why`` and ``models export`` as a person types them, on two releases made without dbt."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from dataops.warehouse import Warehouse
from ml.anatomy import dissect
from ml.errors import GoldloopError, PipelineError, UsageError
from ml.score import score
from ml.versions.provenance import Provenance
from orchestration.cli.main import app
from tests.parsed import write_parsed
from tests.unit.ml.world import DECLARED, NOW, small_world
from tests.unit.test_feature_code import node

PUBLISHED = datetime.now(UTC)


def call(project: Path, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["--project-dir", str(project), *words])
    if result.exception:
        raise result.exception
    return result.output


def write_manifest(folder: Path) -> None:
    """Put down what dbt would parse of a project with one ML model over gold.trn and gold.ftr."""
    exposure: dict[str, Any] = {
        "name": "model",
        "type": "ml",
        "original_file_path": "m.yml",
        "description": "d",
        "owner": {"name": "o"},
        "config": {"meta": {"ml": DECLARED}},
    }
    nodes = {f"model.p.{name}": node(name, "model", "1", [], []) for name in ("trn", "ftr")}
    manifest = {"metadata": {}, "nodes": nodes, "sources": {}, "exposures": {"e": exposure}}
    write_parsed(folder, manifest)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_manifest(tmp_path)
    warehouse = Warehouse(tmp_path / "warehouse")
    world = small_world()
    world.train()
    for number in (1, 2):
        world.sql(f"update gold.ftr set a = a / {number} where id = 'K0007'")
        made_by = Provenance(f"run-{number}", f"r{number}", "abcdef", "m", {"model.p.ftr": "1"})
        score(world.conn, world.spec(), world.relations, made_by, now=NOW)
        candidate = warehouse.open(f"run-{number}")
        warehouse.candidate.unlink(missing_ok=True)
        world.sql(f"attach '{warehouse.candidate}' as copy{number}")
        world.sql(f"copy from database memory to copy{number}")
        world.sql(f"detach copy{number}")
        candidate.publish({}, PUBLISHED + timedelta(seconds=number))
    return tmp_path


def test_why_shows_the_score_the_one_before_and_what_moved_it(project: Path) -> None:
    shown = call(project, "models", "why", "model", "--key", "K0007")
    for part in ("model, id K0007:", "before:", "what moved it", "data", "log-odds"):
        assert part in shown
    assert "now: scored 2026-01-01 00:00 UTC by run run-2, code abcdef; model@1 learnt" in shown
    assert "before: scored 2026-01-01 00:00 UTC by run run-1" in shown


def test_why_as_json_adds_up(project: Path) -> None:
    found = json.loads(call(project, "models", "why", "model", "--key", "id=K0007", "--json"))
    margin = found["margin"]
    assert margin["model"] == 0
    assert margin["before"] + margin["data"] == pytest.approx(margin["now"])
    assert found["features"][0]["feature"] == "a"
    assert (found["cause"], found["retrained"], found["changed_code"]) == ("data", False, [])
    assert found["now"]["scoring"]["run_id"] == "run-2"
    untouched = json.loads(call(project, "models", "why", "model", "--key", "K0008", "--json"))
    assert untouched["margin"]["data"] == 0


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        (("why", "modell", "--key", "1"), UsageError, "'modell' is no ML model .*; it has: model"),
        (("why", "model", "--key", "nobody"), PipelineError, "has told nothing of id nobody"),
        (("why", "model", "--key", "1", "--date", "x"), UsageError, "--date is 'x'; allowed: a"),
        (("export", "model", "--to", "pmml"), UsageError, "--to is 'pmml'; allowed: .*sql"),
        (
            ("export", "model@9", "--to", "sql"),
            UsageError,
            "no version model@9; there are: model@1",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    project: Path, words: tuple[str, ...], error: type[GoldloopError], told: str
) -> None:
    with pytest.raises(error, match=told):
        call(project, "models", *words)


def test_an_export_lands_in_its_file_and_scores_as_the_release_does(project: Path) -> None:
    shown = call(project, "models", "export", "model", "--to", "sql")
    path = project / "target" / "exports" / "model@1.sql"
    assert str(path) in shown.replace("\n", "")
    assert "rows scored both ways: largest difference 0, allowed 1e-12" in shown
    assert f"to run it: duckdb -readonly {project}" in shown
    with duckdb.connect(str(project / "warehouse/current/warehouse.duckdb"), True) as connection:
        told = connection.execute(path.read_text() + " order by all").fetchall()
        kept = "select id, as_of_date, prediction, score from predictions.model order by all"
        assert told == connection.execute(kept).fetchall()


def test_a_version_goes_to_the_file_named(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.sql"
    call(project, "models", "export", "model@1", "--to", "sql", "--output", str(path))
    assert path.read_text().startswith("-- model@1 (boosted_trees)")
    assert [each.name for each in path.parent.iterdir()] == ["x.sql"]


def test_a_refused_export_writes_nothing_and_leaves_the_old_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    call(project, "models", "export", "model", "--to", "sql")
    path = project / "target" / "exports" / "model@1.sql"
    before = path.read_bytes()

    def broken(model: Any) -> Any:
        found: Any = dissect(model)
        trees = tuple(replace(tree, missing_left=~tree.missing_left) for tree in found.trees)
        return replace(found, trees=trees)

    monkeypatch.setattr("ml.export.sql.dissect", broken)
    with pytest.raises(PipelineError, match="are told otherwise by the export"):
        call(project, "models", "export", "model", "--to", "sql")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["model@1.sql"]
