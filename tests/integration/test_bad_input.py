"""Each wrong declaration and each bad table gives one clear error, and nothing half-written."""

import fcntl
import os
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.stranger import write_stranger

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
        marks=pytest.mark.long,
    ),
    pytest.param(
        TRAINING, "select", "selec", 1, ["visit_training"], id="broken SQL",
        marks=pytest.mark.long,
    ),
    pytest.param(
        TRAINING, "'visits') }}", "'visits') }} -- {{ source('predictions', 'purchase') }}", 2,
        ["circle", "main_gold/visit_training -> ml/purchase -> predictions/purchase"],
        id="a model that reads its own predictions", marks=pytest.mark.long,
    ),
    pytest.param(
        TRAINING, "source('web', 'visits')", "source('web', 'visit')", 2,
        ["visit", "dbt parse"], id="a project dbt cannot parse", marks=pytest.mark.long,
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


# What is wrong with each model: the file, the text, what stands there instead, what is named.
SPOILED = {
    "one_class": (TRAINING, "is_bought,", "true as is_bought,", ["is_bought", "true"]),
    "null_feature": (TRAINING, "pages,", "null::integer as pages,", ["pages"]),
    "future": (TRAINING, "date\n", "date + 365000 as visit_date\n", ["visit_date", "3024"]),
    "empty": (TRAINING, "'visits') }}", "'visits') }} where false", ["empty_training"]),
    "label": (EXPOSURE, "label: is_bought", "label: is_buyer", ["is_buyer", "is_bought"]),
    "lacking": (FEATURES, "pages,", "", ["pages", "lacking_features"]),
}


@pytest.mark.long
def test_every_model_that_cannot_be_trained_or_scored_is_named_in_one_go(
    stranger: Path, goldloop: Run
) -> None:
    (stranger / "models/visit_mart.sql").unlink()
    texts = {path: (stranger / path).read_text() for path in (TRAINING, FEATURES, EXPOSURE)}
    (stranger / EXPOSURE).unlink()
    for name, (spoiled, old, new, _) in SPOILED.items():
        assert old in texts[spoiled]
        for path, text in texts.items():
            mended = text.replace(old, new) if path == spoiled else text
            mended = mended.replace("name: purchase", f"name: {name}").replace(
                "visit_t", f"{name}_t"
            )
            mended = mended.replace("visit_f", f"{name}_f")
            suffix = path.name.replace("visit", name).replace("purchase", name)
            (stranger / "models" / suffix).write_text(mended)
    done = goldloop("run", project=stranger)
    assert done.returncode == 2
    assert f"{len(SPOILED)} steps failed" in done.stderr
    for name, (_, _, _, words) in SPOILED.items():
        lines = [line for line in done.stderr.splitlines() if f"models/{name}.yml" in line]
        assert len(lines) == 1, done.stderr
        assert [word for word in words if word not in lines[0]] == []
    assert not (stranger / "warehouse" / "current").exists()


@pytest.mark.long
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


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stranger's project that no test of this module changes."""
    return write_stranger(tmp_path_factory.mktemp("untouched") / "project")


@pytest.mark.long
def test_a_broken_manifest_is_named_with_what_to_delete(untouched: Path, goldloop: Run) -> None:
    goldloop("train", "nothing", project=untouched)
    manifest = untouched / "warehouse/target/manifest.json"
    whole = manifest.read_text()
    manifest.write_text("{")
    done = goldloop("train", "nothing", project=untouched)
    manifest.write_text(whole)
    assert done.returncode == 2
    assert "manifest.json is not a dbt manifest" in done.stderr
    assert "delete" in done.stderr


@pytest.mark.long
def test_a_missing_landing_folder_is_named(untouched: Path, goldloop: Run) -> None:
    done = goldloop("run", "--landing", str(untouched / "nowhere"), project=untouched)
    assert done.returncode == 2
    assert str(untouched / "nowhere") in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("train", "purchas"), 2, ["'purchas'", "purchase"]),
        (("frobnicate",), 2, ["frobnicate"]),
        (("simulate", "--days", "-3"), 2, ["days", "-3"]),
        (("models",), 1, ["no release yet", "goldloop run"]),
    ],
)
def test_wrong_use_is_answered_with_what_is_allowed(
    untouched: Path, goldloop: Run, arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    done = goldloop(*arguments, project=untouched)
    assert done.returncode == code
    assert [word for word in words if word not in done.stderr] == []


def test_a_folder_that_is_no_dbt_project_is_named(tmp_path: Path, goldloop: Run) -> None:
    done = goldloop("run", project=tmp_path)
    assert done.returncode == 2
    assert "dbt_project.yml" in done.stderr


@pytest.mark.long
def test_a_warehouse_in_use_says_by_whom(untouched: Path, goldloop: Run) -> None:
    (untouched / "warehouse").mkdir(exist_ok=True)
    with (untouched / "warehouse" / "lock").open("w") as lock:
        lock.write(f"run abc (process {os.getpid()})")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = goldloop("run", "--wait", "0", project=untouched)
    assert done.returncode == 1
    assert f"run abc (process {os.getpid()})" in done.stderr
