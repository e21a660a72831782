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
        FEATURES, "pages,", "", 1, ["pages", "visit_features"], id="score table lacks a feature"
    ),
    pytest.param(
        TRAINING, "select", "selec", 1, ["visit_training"], id="broken SQL"
    ),
    pytest.param(
        TRAINING, "'visits') }}", "'visits') }} -- {{ source('predictions', 'purchase') }}", 2,
        ["circle", "main_gold/visit_training -> ml/purchase -> predictions/purchase"],
        id="a model that reads its own predictions",
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


# What is wrong with each training set, and what its error names.
SPOILED = {
    "one_class": ("is_bought,", "true as is_bought,", ["is_bought", "true"]),
    "null_feature": ("pages,", "null::integer as pages,", ["pages"]),
    "future": ("visit_date\n", "date '2999-01-01' as visit_date\n", ["visit_date", "2999"]),
    "empty": ("'visits') }}", "'visits') }} where false", ["empty_training"]),
}


def test_every_training_set_that_cannot_be_learnt_from_is_named_in_one_go(
    stranger: Path, goldloop: Run
) -> None:
    training, exposure = (stranger / TRAINING).read_text(), (stranger / EXPOSURE).read_text()
    (stranger / "models/visit_mart.sql").unlink()
    (stranger / EXPOSURE).unlink()
    for name, (old, new, _) in SPOILED.items():
        spoiled = training.replace(old, new)
        assert spoiled != training
        (stranger / f"models/{name}_training.sql").write_text(spoiled)
        declared = exposure.replace("visit_training", f"{name}_training")
        declared = declared.replace("name: purchase", f"name: {name}")
        (stranger / f"models/{name}.yml").write_text(declared)
    done = goldloop("run", project=stranger)
    assert done.returncode == 1
    assert "4 steps failed" in done.stderr
    for name, (_, _, words) in SPOILED.items():
        lines = [line for line in done.stderr.splitlines() if f"models/{name}.yml" in line]
        assert len(lines) == 1, done.stderr
        [line] = lines
        for word in words:
            assert word in line
    assert not (stranger / "warehouse" / "current").exists()


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
