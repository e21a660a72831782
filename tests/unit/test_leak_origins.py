"""The leak guard on a project: declarations of dbt's manifest, compiled SQL, a warehouse."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ml.errors import UsageError
from ml.leaks.guard import Leak
from ml.versions.provenance import Provenance
from orchestration.leaks import check_origins, train_checked
from orchestration.sandbox.build import Built
from orchestration.sandbox.commands import print_built
from tests.unit.leaky_project import SQL, TRAINING, Project, train_it


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_feature_made_of_the_label_is_refused_with_its_way_and_what_to_do(
    project: Project,
) -> None:
    with pytest.raises(UsageError) as caught:
        project.train("not is_lost as stays, a + 1 as more")
    told = str(caught.value)
    assert caught.value.exit_code == 2
    for part in (
        "models/m.yml: features of ML model 'model' know its label 'y'",
        "feature 'stays': it is made of the label: trn.stays ← trn(labels).is_lost",
        "train.features.exclude: [stays]", "train.leak_guard.allow: {stays: why}", "dbt parse",
    ):  # fmt: skip
        assert part in told
    assert "more" not in told


def test_it_may_be_allowed_or_left_out(project: Project) -> None:
    project.train("is_lost and a > 3 as x", {"allow": {"x": "it is asked at the start"}})
    project.train("is_lost as x", features={"exclude": ["x"]})


def test_a_transform_of_a_column_made_of_the_label_is_refused_by_its_own_name(
    project: Project,
) -> None:
    with pytest.raises(UsageError, match="feature 'twice': it is made of the label: trn.x ← "):
        project.train(
            "is_lost::int as x", features={"exclude": ["x"]}, transform={"twice": "x * 2"}
        )


def test_each_transform_of_one_column_is_named_and_one_of_no_column_is_none(
    project: Project,
) -> None:
    with pytest.raises(UsageError) as caught:
        project.train("is_lost::int as x", features={"exclude": ["x"]},
                      transform={"p": "x * 2", "q": "x * 3", "r": "a * 2"})  # fmt: skip
    told = str(caught.value)
    assert "feature 'p': it is made of the label" in told
    assert "feature 'q': it is made of the label" in told
    assert "train.features.exclude: [p, q])" in told
    origins = project.train("a + 1 as more", transform={"one": "1 + 1", "three": "a * 0 + 3"})
    assert not origins.leaks.unresolved


def test_a_leak_found_in_rows_is_told_with_the_way_it_came(project: Project) -> None:
    with pytest.raises(Leak, match=r"feature 'x'.*it comes by: trn.x ← plans.end_reason ← plans"):
        project.train("end_reason as x")


def test_the_known_time_of_a_view_is_found_by_lineage_and_held_against_the_time(
    project: Project,
) -> None:
    project.sql["gold.ftr_calls"] += " union all select null, null, null, null where false"
    by_hand = "(select max(known_at) from gold.ftr_calls as c where c.id = labels.id) as x"
    assert project.train(by_hand, features={"exclude": ["x"]}).known == {}
    project.sql["gold.ftr_calls"] = SQL["gold.ftr_calls"]
    training = TRAINING.replace("from labels", "from labels inner join gold.ftr_calls using (id)")
    project.sql["gold.trn"] = training.format(extra="ftr_calls.known_at as x")
    project.build()
    project.spec = project.declared(None, {"features": {"exclude": ["x"]}})
    origins = check_origins(project.manifest, [project.target], project.conn, project.spec)
    assert origins.known == {"x": "the known time of ftr_calls"}
    with pytest.raises(
        Leak, match=r"'x' \(it is the known time of ftr_calls\) lies after it in 4,000"
    ):
        train_it(project, origins)


def test_what_is_not_resolved_is_told_and_trains(project: Project) -> None:
    project.train("a + 1 as more")
    (project.target / "compiled/it/models/silver.plans.sql").unlink()
    origins = check_origins(project.manifest, [project.target], project.conn, project.spec)
    (told,) = origins.warnings
    assert "lineage does not say" in told
    assert "a, more (silver.plans: it has no compiled SQL)" in told


def test_facts_shared_with_the_label_are_told(project: Project) -> None:
    origins = project.train("(select count(*) from silver.plans where ended_at < day) as before, "
                            "datediff('day', day, date '2025-06-01') as age")  # fmt: skip
    assert origins.leaks.found == ()
    assert any("age" in told for told in origins.warnings)


def test_a_training_gives_the_version_and_what_is_told_and_says_how_far_it_is(
    project: Project,
) -> None:
    project.sql["gold.trn"] = TRAINING.format(extra="datediff('day', day, told_at) as age")
    project.build()
    project.spec, heard = project.declared(None, {}), list[str]()
    made_by = Provenance("run-1", "release-1", "commit-1")
    targets = [project.target]
    version, told = train_checked(
        project.conn, project.spec, project.manifest, targets, made_by, heard.append
    )
    assert (version.name, version.run_id) == ("model@1", "run-1")
    assert any("made of columns of sources" in each and "age" in each for each in told)
    assert any("judging model" in each for each in heard)
    built = Built(models={"model": "model@1 champion"}, lineage={"model": told})
    console = Console(record=True, width=400, quiet=False, file=StringIO())
    print_built(built, console)
    assert told[0] in console.export_text()


def test_the_word_of_a_version_is_told_and_what_earlier_models_told_is_not(
    project: Project,
) -> None:
    project.conn.execute(
        "create schema predictions; create table predictions.tone as select i as id, 'a' as "
        "prediction, hash(i, 's') % 97 / 97 as score, hash(i, 'f') % 89 / 89 as feature_score, "
        "hash(i, 'r') % 13 / 13 as reason_1_effect from range(4000) as t(i)"
    )
    project.sql["silver.plans"] += " left join predictions.tone using (id)"
    project.sql["silver.plans"] = project.sql["silver.plans"].replace("*,", "*, score as tone,")
    sql = "(select max({}) from silver.plans as p where p.id = labels.id) as x"
    assert not any("told by versions" in each for each in
                   project.train(sql.format("feature_score")).warnings)  # fmt: skip
    told = "\n".join(project.train(sql.format("tone")).warnings)
    assert "told by versions that may have learnt from these very rows" in told
    assert "x (trn.x ← plans.tone ← tone.score); read feature_score" in told
    assert "← tone.reason_1_effect" in project.train(sql.format("reason_1_effect")).warnings[0]
    allowed = project.train(sql.format("tone"), {"allow": {"x": "told before the row"}})
    assert not any("told by versions" in each for each in allowed.warnings)
