"""Each wrong declaration and each bad table gives one clear error, and nothing half-written."""

import os
from pathlib import Path

import pytest

from tests.conftest import Run

EXPOSURE = Path("models/purchase.yml")
TRAINING = Path("models/visit_training.sql")
FEATURES = Path("models/visit_features.sql")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


WRONG = [
    pytest.param(
        EXPOSURE, "preset:", "presett:", 2, ["purchase.yml", "presett", "preset"], id="unknown key"
    ),
    pytest.param(
        EXPOSURE, "on: visit_training", "on: visit_trainin", 2,
        ["purchase.yml", "'visit_trainin'", "visit_training"], id="unknown relation",
    ),
    pytest.param(
        EXPOSURE, "label: is_bought", "label: is_buyer", 2,
        ["purchase.yml", "is_buyer", "is_bought"], id="label not in the training set",
    ),
    pytest.param(
        TRAINING, "is_bought,", "true as is_bought,", 1, ["is_bought", "true"], id="one class only"
    ),
    pytest.param(
        TRAINING, "pages,", "null::integer as pages,", 1, ["pages"], id="all-null feature"
    ),
    pytest.param(
        FEATURES, "pages,", "", 2, ["pages", "visit_features"], id="score table lacks a feature"
    ),
    pytest.param(
        TRAINING, "visit_date\n", "date '2999-01-01' as visit_date\n", 1,
        ["visit_date", "2999"], id="future date",
    ),
    pytest.param(
        TRAINING, "'visits') }}", "'visits') }} where false", 1,
        ["visit_training"], id="empty training set",
    ),
    pytest.param(
        TRAINING, "select", "selec", 1, ["visit_training"], id="broken SQL"
    ),
    pytest.param(
        TRAINING, "source('web', 'visits')", "source('web', 'visit')", 2,
        ["visit", "dbt parse"], id="a project dbt cannot parse",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new", "code", "words"), WRONG)
def test_it_is_named_with_what_to_do_and_nothing_is_published(
    stranger: Path, goldloop: Run, path: Path, old: str, new: str, code: int, words: list[str]
) -> None:
    edit(stranger / path, old, new)
    done = goldloop("run", project=stranger)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.count("error: ") == 1
    assert len(done.stderr.splitlines()) <= 24
    assert "Traceback" not in done.stderr
    for word in [*words, " — "]:
        assert word in done.stderr
    warehouse = stranger / "warehouse"
    assert not (warehouse / "current").exists()
    assert not (warehouse / "candidate").exists()
    assert not any(warehouse.glob("candidates/*"))


def test_a_project_without_ml_models_still_runs_and_training_says_what_is_missing(
    stranger: Path, goldloop: Run
) -> None:
    (stranger / EXPOSURE).unlink()
    (stranger / "models/visit_mart.sql").unlink()
    ran = goldloop("run", project=stranger)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "no ML model is declared" in ran.stdout
    trained = goldloop("train", project=stranger)
    assert trained.returncode == 2
    assert "declares no ML model" in trained.stderr


def test_a_broken_manifest_is_named_with_what_to_delete(stranger: Path, goldloop: Run) -> None:
    (stranger / EXPOSURE).unlink()
    (stranger / "models/visit_mart.sql").unlink()
    assert goldloop("ingest", project=stranger).returncode == 0
    (stranger / "warehouse/target/manifest.json").write_text("{")
    done = goldloop("ingest", project=stranger)
    assert done.returncode == 2
    assert "manifest.json is not a dbt manifest" in done.stderr


def test_a_missing_landing_folder_is_named(stranger: Path, goldloop: Run) -> None:
    done = goldloop("run", "--landing", str(stranger / "nowhere"), project=stranger)
    assert done.returncode == 2
    assert str(stranger / "nowhere") in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "purchas"), ["'purchas'", "purchase"]),
        (("frobnicate",), ["frobnicate"]),
        (("simulate", "--days", "-3"), ["days", "-3"]),
        (("models",), ["no release yet", "goldloop run"]),
    ],
)
def test_wrong_use_is_answered_with_what_is_allowed(
    stranger: Path, goldloop: Run, arguments: tuple[str, ...], words: list[str]
) -> None:
    done = goldloop(*arguments, project=stranger)
    assert done.returncode == (1 if arguments == ("models",) else 2)
    for word in words:
        assert word in done.stderr


def test_a_folder_that_is_no_dbt_project_is_named(tmp_path: Path, goldloop: Run) -> None:
    done = goldloop("run", project=tmp_path)
    assert done.returncode == 2
    assert "dbt_project.yml" in done.stderr


def test_a_project_in_use_says_by_whom(stranger: Path, goldloop: Run) -> None:
    import fcntl

    (stranger / "warehouse").mkdir()
    with (stranger / "warehouse" / "lock").open("w") as lock:
        lock.write(f"run abc (process {os.getpid()})")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = goldloop("run", project=stranger)
    assert done.returncode == 1
    assert f"run abc (process {os.getpid()})" in done.stderr
