"""A model learns from what it told of days before, as docs/features.md shows it, or not at all."""

import re
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Run
from tests.sql_shop import dbt
from tests.stranger import EXPOSURE, SOURCES, write_stranger

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
AS_FEATURE = """
          - {name: feature_prediction, data_type: boolean}
          - {name: feature_score, data_type: double}
          - {name: learnt_until, data_type: timestamp}
"""
READS = """
select visits.visit_id, visits.channel, visits.pages, days.told_before,{} visits.visit_date
from {{{{ source('web', 'visits') }}}} as visits
inner join {{{{ ref('channel_days') }}}} as days
    on visits.channel = days.channel and visits.visit_date = days.visit_date
"""
COMPARED = "told.as_of_date < days.visit_date"
PROFILE = "stranger: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb}}}\n"


def write_feedback(folder: Path) -> Path:
    """Write the stranger's project with the models of the page, and who learns from them."""
    section = PAGE.read_text().split("\n## Feedback\n")[1]
    models = write_stranger(folder) / "models"
    for sql in re.findall(r"```sql\n(.+?)```", section, re.DOTALL):
        (path,) = re.findall(r"^-- (models/\w+\.sql)", sql)
        (folder / path).write_text(sql)
    (models / "channel_days.yml").write_text(
        re.findall(r"```yaml\n(.+?)```", section, re.DOTALL)[0]
    )
    (models / "sources.yml").write_text(SOURCES.rstrip() + AS_FEATURE)
    asked = EXPOSURE.replace("time: visit_date}", "time: visit_date, as_feature: {folds: 3}}")
    assert asked != EXPOSURE
    (models / "purchase.yml").write_text(asked)
    (models / "visit_training.sql").write_text(READS.format(" visits.is_bought,"))
    (models / "visit_features.sql").write_text(READS.format(""))
    return folder


@pytest.mark.long
def test_the_second_run_learns_from_what_the_first_has_told(tmp_path: Path, goldloop: Run) -> None:
    folder = write_feedback(tmp_path / "project")
    files = []
    for _ in range(2):
        done = goldloop("run", project=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        files.append((folder / "warehouse/current/warehouse.duckdb").resolve())
    with duckdb.connect() as connection:
        for name, file in zip(("first", "second"), files, strict=True):
            connection.execute(f"attach '{file}' as {name} (read_only)")
        nothing = "select distinct told_before from first.main_gold.channel_days"
        assert connection.execute(nothing).fetchall() == [(0.5,)]
        days = "from second.main_gold.channel_days order by channel, visit_date"
        met = connection.execute(f"select channel, visit_date, told_before {days}").fetchall()
        told = connection.execute(
            "select channel, as_of_date, feature_score from first.predictions.purchase inner join "
            "first.landing.web__visits using (visit_id) where feature_score is not null"
        ).fetchall()
        versions = connection.execute(
            "select version, features from second.ml.model_versions order by version"
        ).fetchall()
    assert len(met) > 60
    for channel, day, before in met:
        scores = [score for of, at, score in told if of == channel and at < day]
        assert before == pytest.approx(sum(scores) / len(scores) if scores else 0.5)
    assert len({before for *_, before in met}) > 30
    assert [version for version, _ in versions] == [1, 2]
    assert all("told_before" in features for _, features in versions)


@pytest.mark.long
def test_a_lag_not_kept_and_one_not_declared_are_refused_before_anything_is_built(
    tmp_path: Path, goldloop: Run
) -> None:
    folder = write_feedback(tmp_path / "project")
    sql = folder / "models" / "channel_days.sql"
    kept = sql.read_text()
    sql.write_text(kept.replace(COMPARED, COMPARED.replace("<", "<=")))
    late = goldloop("run", project=folder)
    assert late.returncode == 2
    for said in (
        "predictions/purchase -> main_gold/brz_purchases -> main_gold/channel_days: it reads",
        "what is told of the very day of its column 'visit_date', too",
        "in models/channel_days.sql", "`and <predictions>.as_of_date < <rows>.visit_date`",
    ):  # fmt: skip
        assert said in late.stderr
    assert not (folder / "warehouse" / "current").exists()

    (folder / "profiles.yml").write_text(PROFILE)
    assert goldloop("models", "install", project=folder).returncode == 0
    with (folder / "dbt_project.yml").open("a") as file:
        file.write('on-run-start: ["{{ ml_refuse_feedback() }}"]\n')
    believed = dbt(folder, "build", "--select", "brz_purchases")
    assert "brz_purchases" in believed.stdout
    assert "goes in a circle" not in believed.stdout
    (folder / "models" / "channel_days.yml").unlink()
    refused = dbt(folder, "build")
    assert refused.returncode == 2, refused.stdout
    told = "source.stranger.predictions.purchase -> model.stranger.brz_purchases -> "
    for said in ("the graph goes in a circle: ", told, "feedback: {lag: <its time>}"):
        assert said in refused.stdout
