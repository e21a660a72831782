"""``goldloop experiment`` as a person types it, on a release made without dbt."""

import hashlib
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from typer.testing import CliRunner

from dataops.warehouse import Warehouse
from ml.errors import GoldloopError, UsageError
from ml.evaluation.bootstrap import Interval
from ml.experiment.change import DECLARED, Change
from ml.experiment.result import Experiment, Rung
from orchestration.cli.main import app
from orchestration.experiment.advice import advice
from tests.parsed import write_parsed
from tests.unit.features.test_features_declared import node, unique
from tests.unit.ml.world import DECLARED as MODEL
from tests.unit.ml.world import NOW, World, small_world

VIEW = {
    "entity": ["id"],
    "event_time": "seen_on",
    "known_time": "seen_on",
    "ttl": "unlimited",
    "owner": "o",
}


def call(project: Path, *words: str) -> str:
    command = ["--project-dir", str(project), "experiment", *words]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, command)
    if result.exception:
        raise result.exception
    return result.stdout


def manifest() -> dict[str, Any]:
    """Return a project of a training set, a feature view and the model that learns from them."""
    described = {
        "id": {"description": "Who."},
        "seen_on": {"description": "When.", "data_type": "date"},
        "hint": {"description": "Half of the truth."},
        "b": {"description": "What the training set has."},
    }
    nodes = [node("trn", {}, {}), node("ftr", {}, {})]
    nodes += [node("ftr_hints", {"feature_view": VIEW}, described), unique("ftr_hints")]
    exposure: dict[str, Any] = {
        "name": "model",
        "type": "ml",
        "original_file_path": "m.yml",
        "description": "d",
        "owner": {"name": "o"},
        "config": {"meta": {"ml": MODEL}},
    }
    return {
        "metadata": {"project_name": "p"},
        "nodes": {each["unique_id"]: each for each in nodes},
        "sources": {},
        "exposures": {"e": exposure},
        "macros": {},
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with a training set and a feature view that knows half of the truth."""
    folder = tmp_path_factory.mktemp("experiment")
    write_parsed(folder, manifest())
    warehouse = Warehouse(folder / "warehouse")
    candidate = warehouse.open("run-1")
    with warehouse.connect() as connection:
        world = small_world(connection)
        world.sql(
            "create table gold.ftr_hints as select id, day - 3 as seen_on, "
            "case when hash(id, 'h') % 2 = 0 then y end::integer as hint, b from gold.trn"
        )
    candidate.publish({}, NOW)
    return folder


def test_a_ladder_is_shown_with_intervals_verdicts_and_what_to_do(project: Path) -> None:
    shown = call(project, "model", "--with", "ftr_hints", "--with", "noise", "--without", "a")
    for part in (
        "model, judged on 420 rows of 5 folds of release",
        "as declared", "--with ftr_hints", "--with noise", "--without a", "all together",
        "│ better", "│ worse",
        "--with ftr_hints: without ftr_hints.b, which trn has already",
        "--with ftr_hints: better; join it in the SQL of trn and of ftr (training_set)",
        "--without a: worse; what it leaves out is worth having",
        "next: goldloop train model once m.yml or trn is changed",
    ):  # fmt: skip
        assert part in shown


def test_as_json_the_joined_feature_is_worth_what_it_is_worth_in_the_table(project: Path) -> None:
    words = ("model", "--with", "ftr_hints", "--folds", "0", "--metric", "log_loss", "--json")
    told = json.loads(call(project, *words))
    (change,) = told["changes"]
    file = (project / "warehouse" / "current" / "warehouse.duckdb").resolve()
    world = World(duckdb.connect())
    world.sql(f"attach '{file}' as there (read_only); create schema gold")
    world.sql(
        "create table gold.trn as select *, hint from there.gold.trn "
        "left join (select id, hint from there.gold.ftr_hints) using (id)"
    )
    judged = {"problem.success": [{"metric": "log_loss", "at_most": 9}]}
    assert change["value"] == world.train(judged).metrics["log_loss"]
    assert change["gain"]["value"] == pytest.approx(told["declared"]["value"] - change["value"])
    assert change["there_already"] == ["ftr_hints.b"]
    assert (change["verdict"], change["columns"], told["rows_judged"]) == ("better", 5, 120)


def test_the_release_stays_as_it_is_and_a_picture_is_drawn(project: Path, tmp_path: Path) -> None:
    file = (project / "warehouse" / "current" / "warehouse.duckdb").resolve()
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    path = tmp_path / "pictures" / "p.svg"
    words = ("--with", "ftr_hints", "--without", "a", "--folds", "0", "--plot", str(path))
    assert f"drawn in {path}" in call(project, "model", *words)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    drawing = ElementTree.fromstring(path.read_text())
    texts = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"--with ftr_hints", "--without a", "all together"} < set(texts)
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}circle"))) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("modell", "--with", "noise"), "'modell' is no ML model"),
        (("model", "--with", "ftr_hint"), "'ftr_hint' names nothing .* allowed: ftr_hints"),
        (("model",), "an experiment needs a change"),
        (("model", "--with", "noise", "--plot", "p.png"), "a file ending in .svg"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is_learnt(
    project: Path, words: tuple[str, ...], told: str
) -> None:
    with pytest.raises(UsageError, match=told) as raised:
        call(project, *words)
    error: GoldloopError = raised.value
    assert error.exit_code == 2


def rung(change: Change, low: float, high: float) -> Rung:
    return Rung(change, Interval(0.7), Interval((low + high) / 2, low, high), 10, 3, 4, (0.7,))


@pytest.mark.parametrize(
    ("change", "low", "high", "told"),
    [
        (Change("x", noise=True), 0.1, 0.2, "chance is read as worth here"),
        (Change("x", noise=True), -0.2, -0.1, "costs a little by overfitting"),
        (Change("x", noise=True), -0.001, 0.001, "no difference, as it should be"),
        (Change("x", added=("a",)), 0.1, 0.2, "make it a feature"),
        (Change("x", dropped=("a",)), 0.1, 0.2, "train.features.exclude"),
        (Change("x", dropped=("a",)), -0.001, 0.001, "as good without, and simpler"),
        (Change("x", clean=True), 0.1, 0.2, "wrong ones are there"),
        (
            Change("x", clean=True),
            -0.2,
            -0.1,
            "the 4 rows left out of the last fold were hard, not wrong",
        ),
        (Change("x", share=0.5), 0.1, 0.2, "the rows left out do harm"),
        (Change("x", share=0.5), -0.2, -0.1, "the curve still rises"),
        (Change("x", times=2.0), 0.1, 0.2, "the model lacks rows"),
        (Change("x", times=2.0), -0.2, -0.1, "leave it as it is"),
        (Change("all together", share=0.5), -0.2, -0.1, "take those that are better by themselves"),
        (Change("all together", share=0.5), 0.1, 0.2, "do not stand in each other's way"),
        (Change("x", times=2.0), -0.2, 0.1, "cannot tell; more rows would tell"),
    ],
)
def test_each_verdict_says_what_to_do(change: Change, low: float, high: float, told: str) -> None:
    declared = Rung(DECLARED, Interval(0.7), None, 10, 3, 0, (0.7,))
    found = Experiment("m", "roc_auc", 9, 5, (0,), 0.01, declared, (rung(change, low, high),))
    first, last = advice(found, small_world().spec())
    assert told in first
    assert last.startswith("next: goldloop train")
