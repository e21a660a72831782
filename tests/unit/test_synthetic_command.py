"""``goldloop synthetic`` as a person types it, on a release made without dbt; its picture."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from typer.testing import CliRunner

from dataops.manifest import Manifest
from dataops.warehouse import Warehouse
from ml.errors import GoldloopError, UsageError
from orchestration.cli.main import app
from orchestration.synthetic.sets import unmarked_tables
from tests.parsed import write_parsed
from tests.unit.features.test_features_declared import node
from tests.unit.ml.people import NOW, TRAIN, make, people, spec_of
from tests.unit.test_forest_plot import SVG, ends

SET = "synthetic_people"


def call(project: Path, *words: str) -> str:
    command = ["--project-dir", str(project), "synthetic", *words]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, command)
    if result.exception:
        raise result.exception
    return result.stdout


def manifest(*downstream: str) -> dict[str, Any]:
    """Return a project of two sets; the models ``downstream`` read the first of them."""
    nodes = [node("people", {}, {})]
    nodes += [node(name, {}, {}, depends_on={"nodes": [SET]}) for name in downstream]
    made = {
        name: {"unique_id": name, "name": name, "source_name": "made", "schema": "landing",
               "identifier": name, "original_file_path": "s.yml",
               "config": {"meta": {"synthetic": {"train": TRAIN}}}}
        for name in (SET, "synthetic_others")
    }  # fmt: skip
    return {
        "metadata": {"project_name": "p"},
        "nodes": {each["unique_id"]: each for each in nodes},
        "sources": made,
        "exposures": {},
        "macros": {},
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with one of the two sets that its project declares."""
    folder = tmp_path_factory.mktemp("synthetic")
    write_parsed(folder, manifest())
    candidate = Warehouse(folder / "warehouse").open("run-1")
    with Warehouse(folder / "warehouse").connect() as connection:
        people(connection)
        make(connection)
    candidate.publish({}, NOW)
    return folder


@pytest.fixture(scope="module")
def picture(project: Path, tmp_path_factory: pytest.TempPathFactory) -> ElementTree.Element:
    path = tmp_path_factory.mktemp("pictures") / "new" / "people.svg"
    assert f"drawn in {path}" in call(project, SET, "--report", "--plot", str(path))
    return ElementTree.fromstring(path.read_text())


def lines(project: Path) -> list[dict[str, Any]]:
    (told,) = json.loads(call(project, SET, "--report", "--json"))
    report: list[dict[str, Any]] = told["report"]
    return report


def test_the_picture_has_every_column_measure_and_pair_of_the_report(project, picture):
    told = lines(project)
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    columns = {each["column_name"] for each in told if each["column_name"]}
    measures = {each["metric"] for each in told
                if each["part"] != "fidelity" and not each["metric"].endswith("_gain")}  # fmt: skip
    assert columns | measures <= set(texts)
    pairs = [each for each in told if each["other_column"] and each["metric"] == "total_variation"]
    cells = [each for each in picture.iter(f"{SVG}rect") if each.get("width") == "17.0"]
    assert len(cells) == 2 * len(pairs) == len(columns) * (len(columns) - 1)


def test_no_text_of_the_picture_reaches_its_edge_or_another_column_of_it(picture):
    rows = [each for each in picture.iter(f"{SVG}text") if each.get("transform") is None]
    dots = [float(each.get("cx", 0)) for each in picture.iter(f"{SVG}circle")]
    for text in rows:
        begins, stops = ends(text)
        assert begins >= 0
        assert stops <= float(picture.get("width", 0))
        assert "real " not in str(text.text)[1:] or begins > max(dots) or "," not in str(text.text)
    assert float(picture.get("height", 0)) > max(float(each.get("y", 0)) for each in rows)


def test_a_dot_stands_where_its_value_is(project, picture):
    told = {each["column_name"]: each for each in lines(project)
            if each["metric"] == "total_variation" and not each["other_column"]}  # fmt: skip
    dots = list(picture.iter(f"{SVG}circle"))[: 2 * len(told)]
    by_place = sorted(float(each.get("cx", 0)) for each in dots if each.get("fill") != "white")
    values = sorted(each["value"] for each in told.values())
    left, step = by_place[0], (by_place[-1] - by_place[0]) / (values[-1] - values[0])
    for place, value in zip(by_place, values, strict=True):
        assert place == pytest.approx(left + step * (value - values[0]), abs=0.2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((SET, "--plot", "p.png"), "a file ending in .svg"),
        (("--report", "--plot", "p.svg"), "--plot draws one set; 2 are asked for"),
        ((SET, "--report", "--rows", "500"), "--report makes nothing"),
        (("synthetic_peple",), "'synthetic_peple' is no synthetic set"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(project, words, told):
    with pytest.raises(UsageError, match=told) as raised:
        call(project, *words)
    error: GoldloopError = raised.value
    assert error.exit_code == 2


def test_so_few_rows_as_tell_nothing_are_refused(project):
    with pytest.raises(SystemExit) as ended:
        call(project, SET, "--rows", "5")
    assert ended.value.code == 2


def test_a_table_of_made_up_rows_that_does_not_say_so_is_named():
    with duckdb.connect() as conn:
        conn.execute("create schema gold")
        conn.execute("create table gold.marked as select true as is_synthetic")
        conn.execute("create table gold.called as select true as is_made")
        conn.execute("create table gold.mart as select 1 as id")
        conn.execute("create table gold.people as select 1 as id")
        found = Manifest(manifest("marked", "called", "mart", "not_built"))
        (one, two) = unmarked_tables(found, conn, [])
        assert one.startswith("gold.called is made from made-up rows (synthetic_people)")
        assert two.startswith("gold.mart is made from made-up rows")
        assert "select false as is_synthetic" in two
        (two,) = unmarked_tables(found, conn, [spec_of(synthetic="is_made")])
        assert two.startswith("gold.mart")
