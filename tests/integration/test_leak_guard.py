"""Leaks planted in a stranger's project: goldloop ci and goldloop run refuse each by name."""

import csv
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.stranger import write_stranger

pytestmark = pytest.mark.long

DERIVED = """
select visit_id, case when is_bought then 'thanks' else 'bye' end as last_page
from {{ source('web', 'visits') }}
"""
TRAINING = """
select visits.visit_id, channel, pages, {column}, is_bought, visit_date
from {{{{ source('web', 'visits') }}}} as visits
left join {{{{ ref('{model}') }}}} as leak on leak.visit_id = visits.visit_id
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Path:
    """A project with a release."""
    project = write_stranger(tmp_path_factory.mktemp("leak") / "project")
    done = goldloop("run", project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def refused(project: Path, goldloop: Run, command: str) -> str:
    """What is said when ``command`` publishes nothing."""
    before = (project / "warehouse" / "current").resolve()
    done = goldloop(command, project=project)
    assert done.returncode != 0
    assert (project / "warehouse" / "current").resolve() == before
    return " ".join((done.stdout + done.stderr).split())


def test_a_column_made_of_the_label_is_refused_by_ci_with_its_way(
    released: Path, goldloop: Run
) -> None:
    (released / "models/pages.sql").write_text(DERIVED)
    leaking = TRAINING.format(column="last_page", model="pages")
    (released / "models/visit_training.sql").write_text(leaking)
    told = refused(released, goldloop, "ci")
    for words in (
        "models/purchase.yml: features of ML model 'purchase' know its label 'is_bought'",
        "feature 'last_page': it is made of the label: "
        "visit_training.last_page ← pages.last_page ← web__visits.is_bought",
        "train.leak_guard.allow: {last_page: why}",
    ):
        assert words in told


def test_a_column_that_is_filled_for_buyers_alone_is_refused_by_a_run_with_its_way(
    released: Path, goldloop: Run
) -> None:
    files = sorted((released / "landing/visits").glob("*.csv"))
    visits = [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
    bought = [row["visit_id"] for row in visits if row["is_bought"] == "true"]
    lines = ["visit_id,receipt", *(f"{visit_id},R{visit_id}" for visit_id in bought)]
    (released / "seeds").mkdir()
    (released / "seeds/receipts.csv").write_text("\n".join(lines))
    leaking = TRAINING.format(column="receipt", model="receipts")
    (released / "models/visit_training.sql").write_text(leaking)
    told = refused(released, goldloop, "run")
    for words in (
        "what no feature can know of label 'is_bought' by itself",
        "feature 'receipt': whether it is missing has ROC AUC 1.0000",
        "it comes by: visit_training.receipt ← receipts.receipt",
        "train.leak_guard.allow: {receipt: why}",
    ):
        assert words in told
