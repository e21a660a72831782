"""docs/features.md says of each key what the code says, and its examples are taken by the code."""

import re
from pathlib import Path

import yaml

from dataops.features.declaration import FeatureView
from dataops.features.views import ONE_ROW
from dataops.feedback.before import bounds
from dataops.feedback.declaration import KEY, Feedback
from ml.declaration.refusals import keys_of

PAGE = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")


def test_every_key_of_a_feature_view_stands_on_the_page_as_the_code_describes_it() -> None:
    told = re.findall(r"^\| `(\w+)` \| (required|none) \| (.*) \|$", PAGE, re.MULTILINE)
    assert told == [
        (name, "required" if field.is_required() else "none", field.description)
        for name, field in keys_of(FeatureView).items()
    ]


def test_the_declaration_on_the_page_is_one() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (model,) = yaml.safe_load(blocks[0])["models"]
    declared = FeatureView.model_validate(model["config"]["meta"]["feature_view"])
    assert set(declared.entity) < {column["name"] for column in model["columns"]}
    assert model["data_tests"] == [ONE_ROW]
    (test,) = yaml.safe_load(blocks[1])["unit_tests"]
    (override,) = test["overrides"]["macros"]["feature_views"].values()
    assert override == declared.model_dump(mode="json", exclude={"owner"}) | {
        "features": ["calls_30d"]
    }


def test_every_macro_is_described_beside_it() -> None:
    folder = Path(__file__).parents[2] / "dataops/features/macros"
    described = {
        each["name"] for each in yaml.safe_load((folder / "_macros.yml").read_text())["macros"]
    }
    files = {path.stem for path in folder.glob("*.sql")} - {"duckdb__feature_join"}
    assert described == files


FEEDBACK = PAGE.split("\n## Feedback\n")[1].split("\n## ")[0]


def test_the_lag_on_the_page_is_kept_and_each_comparison_named_is_read() -> None:
    newest, days = re.findall(r"```sql\n(.+?)```", FEEDBACK, re.DOTALL)
    (declared,) = yaml.safe_load(re.findall(r"```yaml\n(.+?)```", FEEDBACK, re.DOTALL)[0])["models"]
    lag = Feedback.model_validate(declared["config"]["meta"][KEY]).lag
    told = {"x.purchase": {"as_of_date": False}}
    told["x.brz_purchases"] = dict(bounds(_compiled(newest), told, {}) or {})
    found = bounds(_compiled(days), told, {})
    assert found is not None
    assert found[lag]
    compared = "told.as_of_date < days.visit_date"
    (other,) = re.findall(r"`(told\.as_of_date <= .+?)`", FEEDBACK)
    for said, is_kept in ((other, True), (compared.replace("<", "<="), False)):
        found = bounds(_compiled(days).replace(compared, said), told, {}) or {}
        assert found[lag] is is_kept


def _compiled(sql: str) -> str:
    return re.sub(r"{{ (?:ref|source)\((?:'\w+', )?'(\w+)'\) }}", r"x.\1", sql)
