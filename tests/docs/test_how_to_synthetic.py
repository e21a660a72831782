"""docs/how-to/synthetic-rows.md: its declarations, its SQL and its commands are good."""

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from ml.relation import Relation
from ml.synthetic import sets
from ml.synthetic.declaration import parse_synthetic
from orchestration.cli.main import app
from tests.unit.ml.people import learn, make, people, set_of, spec_of

PAGE = (Path(__file__).parents[2] / "docs/how-to/synthetic-rows.md").read_text(encoding="utf-8")
DECLARED, LEARNING = (
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
)
REPORT, UNION = re.findall(r"```sql\n(.+?)```", PAGE, re.DOTALL)
NAMES = {"id": "customer_id", "spent": "tenure_months", "left": "is_churned"}


def test_what_the_page_shows_works_from_the_declaration_to_the_model() -> None:
    source, train = DECLARED["sources"][0], LEARNING["train"]
    table = source["tables"][0]
    asked = parse_synthetic({**table, "schema": source["schema"]})
    assert asked is not None
    assert asked.declared.train.split == spec_of(**train).train.split
    with people() as conn:
        conn.execute("alter table gold.people rename to trn_churn")
        for old, new in NAMES.items():
            conn.execute(f'alter table gold.trn_churn rename "{old}" to {new}')
        relations = {"trn_churn": Relation("gold", "trn_churn")}
        made = make(conn, asked, relations)
        assert sets.last(conn, "synthetic_churn") == made
        assert conn.sql(REPORT).fetchall()
        conn.execute(f"create table gold.more as {UNION}")
        spec = spec_of(**{**train, "on": "more", "features": {"include": ["tenure_months"]}})
        version = learn(conn, spec)
        assert version.made_up_rows == made.rows
        assert version.train_rows == made.rows + made.learnt_rows


@pytest.mark.parametrize("line", re.findall(r"^goldloop (synthetic .+?)(?: +#.*)?$", PAGE, re.M))
def test_every_command_on_the_page_is_one(line: str) -> None:
    words = line.split()
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    asked = command.make_context(words[0], words[1:]).params
    assert asked["names"] == ["synthetic_churn"]


def test_every_measure_on_the_page_is_in_a_report() -> None:
    with people() as conn:
        told = {line["metric"] for line in sets.lines(conn, make(conn, set_of()))}
    rows = re.findall(r"^\| how [a-z]+ \| (.+?) \|", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(.+?)`", row)}
    assert named - told == {"rmse"}
