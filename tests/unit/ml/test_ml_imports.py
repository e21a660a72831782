import ast
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "ml"
OURS = {"dataops", "orchestration", "simulator", "app"}
NEVER = OURS | {"dagster", "dagster_dbt", "dbt", "pandas", "pickle", "joblib"}


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER))
)
def test_the_engine_imports_nothing_of_ours_no_dagster_no_pandas_no_pickle(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not {name.split(".")[0] for name in names} & NEVER


def test_a_declaration_is_parsed_without_importing_scikit_learn():
    code = "import sys, ml.spec; sys.exit('sklearn' in sys.modules or 'skops' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parent)
