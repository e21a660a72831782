"""`goldloop new` in a stranger's project: what it writes passes everything, or nothing is there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.stranger import write_stranger

pytestmark = pytest.mark.long

FEATURE = ("new", "feature", "pages_7_days", "--entity", "channel", "--from", "visit_features",
           "--time", "visit_date", "--aggregate", "sum:pages", "--window", "7 days")  # fmt: skip
MODEL = ("new", "model", "buyer", "--on", "visit_training", "--label", "is_bought", "--key",
         "visit_id", "--time", "visit_date", "--score-on", "visit_features", "--preset",
         "logistic_regression")  # fmt: skip

# Models of the kinds that have no label, or not one of each row; what is asked of them only.
KINDS = {
    "party_kind": ("--on", "parties", "--key", "party", "--time", "held_on", "--score-on",
                   "parties", "--preset", "k_means"),
    "visit_shape": ("--on", "visit_features", "--key", "visit_id", "--time", "visit_date",
                    "--score-on", "visit_features", "--preset", "pca"),
    "odd_visit": ("--on", "visit_features", "--key", "visit_id", "--time", "visit_date",
                  "--score-on", "visit_features", "--preset", "isolation_forest"),
    "next_item": ("--on", "choices", "--key", "guest", "--item", "item", "--time", "chosen_at",
                  "--score-on", "guests", "--score-time", "seen_on", "--preset",
                  "matrix_factorization"),
    "pages_ahead": ("--on", "channel_days", "--label", "pages", "--key", "channel", "--time",
                    "visit_date", "--every", "day", "--horizon", "5", "--score-on", "channel_days",
                    "--preset", "seasonal_naive"),
}  # fmt: skip
# Guests like the items of their own third; parties are of three kinds.
MODELS = {
    "parties": """
        select party, date '2025-01-01' + cast(party // 4 as integer) as held_on,
            party % 3 * 100 + hash(party, 'a') % 10 as spent,
            party % 3 * 10 + hash(party, 'b') % 3 as people
        from range(400) as parties(party)
    """,
    "choices": """
        select guest, 'no ' || item as item, date '2025-01-01' + cast(day as integer) as chosen_at
        from (
            select guest, item, hash(guest, item, 't') % 300 as day, hash(guest, item) % 10 as odds
            from range(60) as guests(guest), range(40) as items(item)
        ) as pairs
        where odds < case when guest % 3 = item % 3 then 8 else 1 end
    """,
    "guests": "select distinct guest, date '2025-12-01' as seen_on from {{ ref('choices') }}",
    "channel_days": """
        select channel, visit_date, sum(pages) as pages
        from {{ ref('visit_features') }}
        group by channel, visit_date
    """,
}


def files(project: Path) -> dict[str, str]:
    found = [*project.rglob("models/**/*"), *project.rglob("contracts/**/*"),
             *project.rglob("macros/**/*")]  # fmt: skip
    return {str(each.relative_to(project)): each.read_text() for each in found if each.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Path:
    """A project with a release, then a feature, and a model of each kind."""
    project = write_stranger(tmp_path_factory.mktemp("new") / "project")
    for name, sql in MODELS.items():
        (project / f"models/{name}.sql").write_text(sql)
    assert goldloop("run", project=project).returncode == 0
    before = files(project)
    refused = goldloop(*FEATURE, project=project)
    assert refused.returncode == 2
    assert "--owner" in refused.stderr
    misspelt = goldloop(*(word.replace("visit_features", "visit_feature") for word in FEATURE),
                        project=project)  # fmt: skip
    assert "'visit_feature', no model of this project; it has: visit_features" in misspelt.stderr
    doubled = goldloop(*MODEL, "--key", "as_of_date", project=project)
    assert "--key names 'as_of_date', which scoring writes" in doubled.stderr
    assert files(project) == before
    kinds = [("new", "model", name, *words) for name, words in KINDS.items()]
    for words in ((*FEATURE, "--owner", "Web"), MODEL, *kinds):
        done = goldloop(*words, project=project)
        assert done.returncode == 0, done.stderr
    return project


def test_what_is_there_is_never_written_over(made: Path, goldloop: Run) -> None:
    before = files(made)
    assert "'ftr_pages_7_days' is there already" in goldloop(*FEATURE, project=made).stderr
    assert "is an ML model of this project already" in goldloop(*MODEL, project=made).stderr
    taken = made / "contracts/main_gold/ftr_pages_9_days.yml"
    taken.write_text("not ours")
    late = goldloop(*(word.replace("7 days", "9 days").replace("7_", "9_") for word in FEATURE),
                    project=made)  # fmt: skip
    assert late.returncode == 2
    assert "ftr_pages_9_days.yml is there already" in late.stderr
    taken.unlink()
    assert files(made) == before


def test_the_sql_is_in_the_style(made: Path) -> None:
    config = Path(__file__).parents[2] / ".sqlfluff"
    written = [made / "models/features/ftr_pages_7_days.sql",
               made / "models/brz_predictions__buyer.sql"]  # fmt: skip
    done = subprocess.run(
        [str(Path(sys.executable).with_name("sqlfluff")), "lint", "--config", str(config),
         *map(str, written)],
        cwd=made, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def released(made: Path, goldloop: Run) -> Path:
    """The project after CI and a run, a near-duplicate of the feature among what is new."""
    again = ["pages_in_a_week" if word == "pages_7_days" else word for word in FEATURE]
    near = goldloop(*again, "--description", "Sum of pages of visit_features in the 7 days before.",
                    project=made)  # fmt: skip
    assert near.returncode == 0, near.stderr
    assert "ftr_pages_7_days.pages_7_days is near to it" in near.stdout
    for command in ("ci", "run"):
        done = goldloop(command, project=made)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "nearly the same values" in done.stdout
        assert "ftr_pages_7_days.pages_7_days" in done.stdout
        if command == "ci":
            assert "buyer@1 champion, 600 rows scored by version 1" in done.stdout
    return made


def test_everything_passes_at_once_and_what_is_alike_is_pointed_out(
    released: Path, goldloop: Run
) -> None:
    told = goldloop("features", "list", "--json", project=released)
    found = {each["feature"]: each for each in json.loads(told.stdout)}
    assert set(found) == {"pages_7_days", "pages_in_a_week"}
    assert (found["pages_7_days"]["owner"], found["pages_7_days"]["null_share"]) == ("Web", 0.0)
    assert found["pages_7_days"]["rows"] == 90
    alike = goldloop("features", "list", "--duplicates", "--json", project=released)
    [pair] = json.loads(alike.stdout)
    assert pair["correlation"] == pytest.approx(1)
    champions = json.loads(goldloop("models", "--json", project=released).stdout)
    assert {each["model"] for each in champions if each["status"] == "champion"} == {
        "buyer", "purchase", *KINDS,
    }  # fmt: skip


def test_a_feature_is_found_and_shown(released: Path, goldloop: Run) -> None:
    assert "ftr_pages_7_days" in goldloop("features", "search", "pagse", project=released).stdout
    shown = goldloop("features", "show", "pages_7_days", project=released).stdout
    assert "ftr_pages_7_days, of Web" in shown
    assert "nearly the same values" in shown
    unknown = goldloop("features", "show", "page_7_days", project=released)
    assert unknown.returncode == 2
    assert re.search(r"there are:[^—]*\bftr_pages_7_days\.pages_7_days\b", unknown.stderr)
