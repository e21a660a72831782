"""A table against its contract, by soda itself on a DuckDB file."""

import logging
import random
import re
import sys
from collections.abc import Callable

import duckdb
import pytest

from dataops.contracts import Contract, verify
from dataops.contracts.engine import Session
from dataops.contracts.samples import failing_sql
from tests.integration.contracts.conftest import BODY, NOW, PARTS, Checked


def test_a_table_that_keeps_its_contract_passes_every_check(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    results = checked(BODY)
    assert {name: (each.outcome, each.value) for name, each in results.items()} == {
        "missing_weight": ("passed", 0),
        "invalid_weight": ("passed", 0),
        "avg_weight": ("passed", pytest.approx(142 / 9)),
        "row_count": ("passed", 9),
        "freshness_made_at": ("passed", 1),
        "metric_total": ("passed", 142),
        "failed_rows_odd": ("passed", 0),
    }
    assert not any(each.blocks or each.message for each in results.values())


PLANTED = {
    "missing_weight": "insert into gold.parts values (11, null, null)",
    "invalid_weight": "insert into gold.parts values (11, -0.5, null)",
    "avg_weight": "update gold.parts set weight = weight + 10",
    "row_count": "delete from gold.parts where id > 5",
    "freshness_made_at": "update gold.parts set made_at = timestamp '2025-02-27 12:00:00'",
    "metric_total": "insert into gold.parts select 20 + i, 16, null from range(99) as more(i)",
    "failed_rows_odd": "insert into gold.parts values (11, 13, null)",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_fails_its_own_check_and_no_other(
    connection: duckdb.DuckDBPyConnection, checked: Checked, name: str
) -> None:
    connection.execute(PARTS)
    connection.execute(PLANTED[name])
    results = checked(BODY)
    assert [each for each in results if results[each].outcome != "passed"] == [name]
    assert results[name].outcome == "failed"
    assert results[name].blocks is (name != "avg_weight")


def test_a_failure_is_told_with_the_value_what_is_allowed_and_rows_that_fail(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    connection.execute("insert into gold.parts select i, null, null from range(11, 20) as m(i)")
    results = checked(BODY)
    assert results["missing_weight"].message == (
        "rows without weight: 50 %; allowed: less than 5 %; for example id=11; id=12; id=13"
    )
    assert results["missing_weight"].value == 50
    assert results["row_count"].message is None


def test_rows_are_not_named_where_the_contract_names_no_key_or_one_that_is_not_there(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute("create table gold.parts as select 1 as id, null::double as weight")
    body = "columns: [{name: weight, checks: [{missing: }]}]"
    told = "rows without weight: 1; allowed: exactly 0"
    assert checked(body, attributes="severity: warn")["missing_weight"].message == told
    assert checked(body, attributes="severity: warn, key: [gone]")["missing_weight"].message == told


def test_every_check_of_a_table_that_is_not_there_has_not_run_and_counts_as_failing(
    checked: Checked,
) -> None:
    results = checked(BODY)
    assert len(results) == 7
    assert {each.outcome for each in results.values()} == {"not_run"}
    assert {each.message for each in results.values()} == {"gold.parts is not in the warehouse"}
    assert [name for name in results if not results[name].blocks] == ["avg_weight"]


def test_a_view_over_what_is_gone_has_not_run(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute("create table gold.base as select 1 as id")
    connection.execute("create view gold.parts as select id from gold.base")
    connection.execute("drop table gold.base")
    (result,) = checked("columns: []\nchecks: [{row_count: }]").values()
    assert result.outcome == "not_run"
    assert "cannot be read" in str(result.message)


def test_a_column_that_is_gone_leaves_the_other_checks_alone(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    connection.execute("alter table gold.parts rename weight to weight_kg")
    results = checked(BODY)
    assert results["missing_weight"].outcome == "not_run"
    assert "has no 'weight'; it has weight_kg" in str(results["missing_weight"].message)
    assert results["row_count"].outcome == "passed"
    assert results["freshness_made_at"].outcome == "passed"


@pytest.mark.parametrize(
    "check",
    [
        "metric: {qualifier: q, expression: no_such(weight), threshold: {must_be: 1}}",
        "metric: {qualifier: q, query: select * from nowhere, threshold: {must_be: 1}}",
        "metric: {qualifier: q, query: select null, threshold: {must_be: 1}}",
        "metric: {qualifier: q, query: select 'much', threshold: {must_be: 1}}",
        "failed_rows: {qualifier: q, expression: weight >}",
        "failed_rows: {qualifier: q, query: select 1 from nowhere}",
        "freshness: {column: weight, threshold: {must_be_less_than: 1}}",
    ],
)
def test_a_check_that_cannot_be_evaluated_has_not_run_and_leaves_the_others_alone(
    connection: duckdb.DuckDBPyConnection, checked: Checked, check: str
) -> None:
    connection.execute(PARTS)
    results = checked(f"columns: []\nchecks:\n  - row_count:\n  - {check}\n")
    whole, broken = results.values()
    assert whole.outcome == "passed"
    assert broken.outcome == "not_run"
    assert broken.blocks
    assert broken.message


def test_silencing_the_engines_logger_lets_nothing_pass(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    checked(BODY)
    logger = logging.getLogger("soda")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        broken = "columns: []\nchecks: [{metric: {qualifier: q, expression: sum(no), %s}}]"
        results = checked(broken % "threshold: {must_be_less_than: 1}")
    finally:
        logger.setLevel(before)
    assert results["metric_q"].outcome == "not_run"


def test_a_check_the_engine_says_nothing_of_has_not_run(
    connection: duckdb.DuckDBPyConnection, checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(PARTS)
    monkeypatch.setattr(sys.modules[verify.__module__], "judge", lambda *_: Session())
    assert {each.outcome for each in checked(BODY).values()} == {"not_run"}


def test_an_empty_table_fails_what_asks_for_rows_and_nothing_else(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    connection.execute("delete from gold.parts")
    results = checked(BODY)
    failed = [name for name in results if results[name].outcome != "passed"]
    assert failed == ["row_count", "freshness_made_at"]
    assert results["avg_weight"].message == "avg of weight: there is no row to judge"


def test_a_column_without_one_value_has_no_average_and_that_is_no_pass(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    connection.execute("update gold.parts set weight = null")
    assert checked(BODY)["avg_weight"].outcome == "not_run"


def test_what_is_not_a_number_is_within_no_bounds(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS.replace("10.0 + i", "10.0::double + i"))
    connection.execute("update gold.parts set weight = 'nan'::double where id = 1")
    results = checked(BODY)
    assert results["avg_weight"].outcome == "not_run"
    assert "nan" in str(results["avg_weight"].message)
    assert results["invalid_weight"].outcome == "failed"


def test_rows_outside_of_the_filter_are_not_looked_at(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    connection.execute("insert into gold.parts values (11, -1, null), (12, null, null)")
    results = checked("filter: id < 11\n" + BODY)
    assert {each.outcome for each in results.values()} == {"passed"}
    own = "columns: [{name: weight, checks: [{missing: {filter: id > 11}}]}]"
    result = checked("filter: id < 13\n" + own)["missing_weight"]
    assert result.message == "rows without weight: 1; allowed: exactly 0; for example id=12"


RULES = [
    ("code", "missing: {missing_values: ['', \"it's\"]}", lambda v: v in (None, "", "it's")),
    ("code", "missing: {missing_format: {name: dash, regex: '^-+$'}}",
     lambda v: v is None or bool(re.search("^-+$", v))),
    ("code", "invalid: {valid_values: [a, b, \"it's\"]}", lambda v: v not in "a b it's".split()),
    ("code", "invalid: {invalid_values: ['', '--']}", lambda v: v in ("", "--")),
    ("code", "invalid: {valid_format: {name: letters, regex: '^[a-z]+$'}}",
     lambda v: not re.search("^[a-z]+$", v)),
    ("code", "invalid: {invalid_format: {name: dash, regex: '-'}}", lambda v: "-" in v),
    ("code", "invalid: {valid_length: 1}", lambda v: len(v) != 1),
    ("code", "invalid: {valid_min_length: 1, valid_max_length: 2}", lambda v: not 1 <= len(v) <= 2),
    ("number", "invalid: {valid_min: -0.5, valid_max: 7}", lambda v: not -0.5 <= v <= 7),
    ("number", "invalid: {valid_values: [1, 2.5], missing_values: [-3]}",
     lambda v: v not in (1, 2.5, -3)),
]  # fmt: skip


@pytest.mark.parametrize(("column", "check", "fails"), RULES, ids=[rule[1] for rule in RULES])
def test_rows_are_counted_and_named_as_a_loop_over_them_finds(
    connection: duckdb.DuckDBPyConnection,
    contract: Callable[..., Contract],
    column: str,
    check: str,
    fails: Callable[[object], bool],
) -> None:
    draw = random.Random(check)
    codes = [None, "", "a", "b", "it's", "--", "-", "Ab", "abc"]
    numbers = [None, -3, -0.5, 0, 1, 2.5, 7, 7.5]
    rows = [(i, draw.choice(codes), draw.choice(numbers)) for i in range(200)]
    connection.execute("create table gold.parts (id integer, code varchar, number double)")
    every = [list(values) for values in zip(*rows, strict=True)]
    connection.execute("insert into gold.parts select unnest(?), unnest(?), unnest(?)", every)
    at = ("id", "code", "number").index(column)
    is_missing = check.startswith("missing")
    expected = [row[0] for row in rows if (is_missing or row[at] is not None) and fails(row[at])]
    held = contract(f"columns: [{{name: {column}, checks: [{{{check}}}]}}]")
    (result,) = verify(connection, held, now=NOW, run_id="run")
    assert (result.outcome, result.value) == ("failed", len(expected))
    source = failing_sql(held, held.checks[0])
    found = connection.execute(f"select id from ({source}) order by id").fetchall()
    assert [row[0] for row in found] == expected
