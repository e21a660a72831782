"""Statements that were traced before are not traced again, unless anything of them has changed."""

from pathlib import Path

import pytest

from dataops.lineage import kept, statement
from dataops.lineage.kept import Kept
from dataops.lineage.statement import trace

SQL = "with few as (select a, b from gold.made where c > 1) select a + b as d, few.* from few"
CATALOG = {"gold": {"made": dict.fromkeys("abc", "INTEGER"), "other": {"a": "INTEGER"}}}
OTHER = {"gold": {**CATALOG["gold"], "other": {"a": "INTEGER", "z": "INTEGER"}}}
WIDER = {"gold": {"made": dict.fromkeys("abcd", "INTEGER")}}
RETYPED = {"gold": {"made": {"a": "VARCHAR", "b": "INTEGER", "c": "INTEGER"}}}


class Counted:
    """Counts how often a statement is resolved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        resolve = statement.resolve

        def counting(*given: object) -> object:
            self.times += 1
            return resolve(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(statement, "resolve", counting)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_a_statement_is_traced_once_and_told_the_same(tmp_path: Path, counted: Counted) -> None:
    first = Kept(tmp_path).trace(SQL, "gold.x", CATALOG)
    again = Kept(tmp_path).trace(SQL, "gold.x", OTHER)
    assert counted.times == 1
    assert first == again == trace(SQL, "gold.x", CATALOG)


@pytest.mark.parametrize(
    ("sql", "relation", "catalog"),
    [
        (SQL.replace("> 1", "> 2"), "gold.x", CATALOG),
        (SQL, "gold.y", CATALOG),
        (SQL, "gold.x", WIDER),
        (SQL, "gold.x", RETYPED),
        (SQL, "gold.x", {}),
    ],
)
def test_other_sql_other_columns_are_traced_anew(
    tmp_path: Path, counted: Counted, sql: str, relation: str, catalog: dict[str, object]
) -> None:
    Kept(tmp_path).trace(SQL, "gold.x", CATALOG)
    found = Kept(tmp_path).trace(sql, relation, catalog)  # type: ignore[arg-type]
    assert counted.times == 2
    assert found == trace(sql, relation, catalog)  # type: ignore[arg-type]


def test_a_name_without_a_schema_is_any_tables_of_that_name(
    tmp_path: Path, counted: Counted
) -> None:
    sql = "select * from made"
    Kept(tmp_path).trace(sql, "gold.x", CATALOG)
    both = {**CATALOG, "silver": {"made": {"q": "INTEGER"}}}
    with pytest.raises(ValueError, match="Ambiguous"):
        Kept(tmp_path).trace(sql, "gold.x", both)
    assert counted.times == 2


def test_other_code_traces_anew(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    Kept(tmp_path).trace(SQL, "gold.x", CATALOG)
    monkeypatch.setattr(kept, "_code", lambda: "another version of the parser")
    Kept(tmp_path).trace(SQL, "gold.x", CATALOG)
    assert counted.times == 2


def test_what_cannot_be_resolved_is_kept_with_its_reason(tmp_path: Path, counted: Counted) -> None:
    sql = "pivot gold.made on a using sum(b)"
    for _ in range(2):
        with pytest.raises(ValueError, match="PIVOT is not resolved"):
            Kept(tmp_path).trace(sql, "gold.x", CATALOG)
    assert counted.times == 1


@pytest.mark.parametrize("torn", ["", "[1]", '{"sql": 1', '{"sql": "of another"}'])
def test_a_file_that_is_not_whole_is_traced_anew(
    tmp_path: Path, counted: Counted, torn: str
) -> None:
    Kept(tmp_path).trace(SQL, "gold.x", CATALOG)
    [file] = tmp_path.iterdir()
    file.write_text(torn)
    assert Kept(tmp_path).trace(SQL, "gold.x", CATALOG) == trace(SQL, "gold.x", CATALOG)
    assert Kept(tmp_path).trace(SQL, "gold.x", CATALOG)
    assert counted.times == 3  # one of them by `trace`


def test_where_nothing_can_be_written_it_is_traced_each_time(
    tmp_path: Path, counted: Counted
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    for _ in range(2):
        assert Kept(blocked / "lineage").trace(SQL, "gold.x", CATALOG)
    assert counted.times == 2
    assert [*tmp_path.iterdir()] == [blocked]
