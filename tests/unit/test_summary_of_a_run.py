"""What a run says at its end of the files that came and of the models that score."""

import io
import re

import duckdb
from rich.console import Console

from ml.monitoring.watch import watch
from ml.relation import Relation
from ml.score import score
from ml.spec import parse_spec
from ml.train import train
from ml.versions.provenance import Provenance
from orchestration.run.summary import _print_alarms, _print_rejects, _print_untold
from tests.unit.ml.watching import WEEKS, score_later
from tests.unit.ml.world import NOW, small_world


def told() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=300), text


def test_empty_files_are_counted_with_one_of_them_and_what_to_do() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create schema landing; create table landing.rejects (a integer); "
        "create table landing.files as select * from (values "
        "('shop.photos', 'photos/b.png', 0, 'loaded', 'it is empty (0 bytes)'), "
        "('shop.photos', 'photos/a.png', 0, 'loaded', 'it is empty (0 bytes)'), "
        "('shop.photos', 'photos/c.png', 1, 'loaded', null)) "
        "as found(source, file, rows, status, message)"
    )
    console, text = told()
    _print_rejects(connection, console)
    assert text.getvalue() == (
        "2 files are empty (0 bytes), such as photos/a.png: have it delivered whole; all: from "
        "landing.files where rows = 0\n"
    )
    connection.execute("delete from landing.files where rows = 0")
    console, text = told()
    _print_rejects(connection, console)
    assert text.getvalue() == ""


def test_alarms_of_what_scores_are_told_with_the_worst_and_none_where_all_is_well() -> None:
    world = small_world(duckdb.connect())
    world.train(WEEKS)
    for week, shift in enumerate(("a", "a + 0.5")):
        score_later(world, WEEKS, week, shift)
        watch(world.conn, world.spec(WEEKS), world.relations, f"run-{week}", now=NOW)
        console, text = told()
        _print_alarms(world.conn, console)
        if week == 0:
            assert text.getvalue() == ""
    assert re.match(r"model: \d+ alarms?, the worst: a, psi \S+ above 0.2", text.getvalue())
    assert "type: goldloop models health model" in text.getvalue()


def test_series_that_could_not_be_forecast_are_counted_with_the_reason_of_one() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create schema gold; create table gold.sales as "
        "select 'plain' as shop, date '2025-01-01' + i::int as day, "
        "i % 7 + (hash(i) % 3)::int as y "
        "from range(60) as t(i) union all select 'twice', date '2025-01-01' + (i // 2)::int, i "
        "from range(30) as t(i)"
    )
    meta = {
        "problem": {"question": "q", "decision": "d",
                    "success": [{"metric": "mase", "beats_baseline_by": -9}]},
        "train": {"on": "sales", "label": "y", "key": ["shop"], "time": "day",
                  "series": {"every": "day", "horizon": 7, "windows": 2}},
        "estimator": {"preset": "seasonal_naive", "params": {"season_length": 7}},
        "score": {"on": "sales", "key": ["shop"], "time": "day"},
    }  # fmt: skip
    spec, by = parse_spec("fore", meta, file="m.yml"), Provenance("run-1")
    relations = {"sales": Relation("gold", "sales")}
    console, text = told()
    train(connection, spec, relations, by, now=NOW)
    _print_untold(connection, console)
    assert text.getvalue() == ""
    score(connection, spec, relations, by, now=NOW)
    _print_untold(connection, console)
    assert text.getvalue().startswith(
        "fore: 1 series not told, such as twice: it has two values at 2025-01-01; make one of them"
    )
