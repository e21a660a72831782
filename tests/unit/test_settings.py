from pathlib import Path

import pytest
import yaml

from dataops.warehouse import Limits
from ml.errors import UsageError
from orchestration.settings import Settings, read_settings

PAGE = Path(__file__).parents[2] / "docs" / "releases.md"


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()
    assert Settings().limits == Limits()


def test_what_the_page_shows_are_the_defaults(tmp_path: Path) -> None:
    shown = PAGE.read_text().split("```yaml\n")[1].split("```")[0]
    assert yaml.safe_load(shown) == Settings().model_dump(mode="json")
    (tmp_path / "goldloop.yml").write_text(shown)
    assert read_settings(tmp_path) == Settings()


def test_what_is_set_is_what_the_warehouse_keeps(tmp_path: Path) -> None:
    text = "releases: {keep: 3}\nquarantine: {keep: 1, gigabytes: 0.5}\n"
    (tmp_path / "goldloop.yml").write_text(text)
    assert read_settings(tmp_path).limits == Limits(3, 1, 500_000_000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("release: {keep: 3}", r"unknown key release .*may have: releases"),
        ("releases: {kept: 3}", r"unknown key releases\.kept .*may have: keep"),
        ("releases: {keep: 0}", r"releases\.keep is 0; .*greater than or equal to 1"),
        ("wait_minutes: soon", r"wait_minutes is 'soon'"),
        ("ml: {trust: lightgbm.LGBMClassifier}", r"ml\.trust is 'lightgbm\.LGBMClassifier'"),
        ("ml: {trust: ['lightgbm.*']}", r"ml\.trust\[0\] is 'lightgbm\.\*'"),
        ("ml: {trust: [lightgbm]}", r"ml\.trust\[0\] is 'lightgbm'"),
        ("ml: {trusts: []}", r"unknown key ml\.trusts .*may have: trust"),
        ("releases: [", "is not YAML"),
        ("- a list", r"goldloop\.yml"),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "goldloop.yml").write_text(text)
    with pytest.raises(UsageError, match=told):
        read_settings(tmp_path)


def test_what_ml_models_may_be_made_of_is_named_exactly(tmp_path: Path) -> None:
    text = "ml: {trust: [lightgbm.LGBMClassifier, features.make:model]}\n"
    (tmp_path / "goldloop.yml").write_text(text)
    names = ("lightgbm.LGBMClassifier", "features.make:model")
    assert read_settings(tmp_path).ml.trust == names
