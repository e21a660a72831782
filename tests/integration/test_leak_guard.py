"""A leak planted in a stranger's project: goldloop ci and goldloop run refuse it by name."""

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.stranger import write_stranger

RECEIPTS = """
select visit_id, case when is_bought then 'thanks' else 'bye' end as last_page
from {{ source('web', 'visits') }}
"""
LEAKING = """
select visits.visit_id, channel, pages, receipts.last_page, is_bought, visit_date
from {{ source('web', 'visits') }} as visits
inner join {{ ref('receipts') }} as receipts on receipts.visit_id = visits.visit_id
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Path:
    """A project with a release, in which a leak was planted since."""
    project = write_stranger(tmp_path_factory.mktemp("leak") / "project", visits=10)
    done = goldloop("run", project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    (project / "models/receipts.sql").write_text(RECEIPTS)
    (project / "models/visit_training.sql").write_text(LEAKING)
    return project


@pytest.mark.parametrize("command", ["ci", "run"])
def test_a_planted_leak_is_refused_with_its_way(
    released: Path, goldloop: Run, command: str
) -> None:
    before = (released / "warehouse" / "current").resolve()
    done = goldloop(command, project=released)
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    for words in (
        "models/purchase.yml: features of ML model 'purchase' know its label 'is_bought'",
        "feature 'last_page': it is made of the label: "
        "visit_training.last_page ← receipts.last_page ← web__visits.is_bought",
        "train.leak_guard.allow: {last_page: why}",
    ):
        assert words in told
    assert (released / "warehouse" / "current").resolve() == before
