"""The rooms keep to themselves, and the engine knows no word of the example business."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"ml", "dataops", "orchestration", "simulator"}
ALLOWED = {
    "ml": {"ml"},
    "dataops": {"dataops", "ml"},
    "orchestration": {"orchestration", "dataops", "ml", "simulator"},
    "simulator": {"simulator"},
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert imported(path) & ROOMS <= ALLOWED[room], path


def test_only_the_command_line_knows_the_simulator() -> None:
    users = [p.name for p in (ROOT / "orchestration").rglob("*.py") if "simulator" in imported(p)]
    assert users == ["commands.py"]


@pytest.mark.parametrize("room", ["ml", "dataops"])
def test_ml_and_dataops_import_no_dagster(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert not imported(path) & {"dagster", "dagster_dbt"}, path


def test_the_engine_names_no_table_of_the_example_business() -> None:
    models = {path.stem for path in (ROOT / "models").rglob("*.sql")}
    sources = {
        f"{match[0]}__{match[1]}"
        for path in (ROOT / "models").rglob("*.yml")
        for match in re.findall(r"identifier: (\w+?)__(\w+)", path.read_text())
    }
    words = models | sources | {"call_sentiment", "churn"}
    assert len(words) > 40
    for room in ("ml", "dataops", "orchestration"):
        for path in (ROOT / room).rglob("*.py"):
            found = words & set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
            assert not found, path
