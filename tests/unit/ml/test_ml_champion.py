import duckdb
import pytest

from ml.errors import PipelineError, UsageError
from ml.score import score_shadow
from ml.versions import decisions, registry
from ml.versions.provenance import Provenance
from tests.unit.ml.world import NOW

GOOD = {"estimator.params": {"max_iter": 40}}
# Two leaves and hardly a step: it beats the prior, and is worse than any other.
POOR = {"estimator.params": {"max_iter": 1, "max_leaf_nodes": 2}}
MANUAL = {"problem.champion": {"rule": "manual"}}
BETTER = {"problem.champion": {"rule": "better"}}
BY_HAND = decisions.Cause("promote", NOW.replace(tzinfo=None), "run-9", "ann")


def statuses(world):
    return {each.version: each.status for each in registry.versions(world.conn, "model")}


def compared(world, version):
    rows = world.sql(
        "select metric, difference, low, high, rows, seen, reason from ml.comparisons "
        f"where against like 'model@%' and version = {version}"
    )
    return {metric: rest for metric, *rest in rows}


def shadow(world, changes=None):
    provenance = Provenance("run-1", "release-1", "commit-1")
    return score_shadow(world.conn, world.spec(changes), world.relations, provenance, now=NOW)


def test_a_version_worse_on_the_same_rows_is_rejected_by_how_much(world):
    world.train(GOOD)
    made = world.train(POOR)
    assert (made.version, made.status) == (2, "rejected")
    assert made.reason.startswith("worse than model@1: gain in roc_auc -0.")
    difference, low, high, rows, seen, reason = compared(world, 2)["roc_auc"]
    assert low < difference < high < 0
    assert (rows, seen, reason) == (120, 0.0, None)
    assert statuses(world) == {1: "champion", 2: "rejected"}


def test_the_champion_is_measured_on_the_same_rows_as_it_was_judged_on(world):
    first = world.train(GOOD)
    world.train(POOR)
    told = world.sql(
        "select metric, value from ml.evaluations where version = 2 and data = 'champion'"
    )
    assert dict(told) == pytest.approx(dict(first.metrics))
    gain = compared(world, 2)["log_loss"][0]
    second = registry.versions(world.conn, "model")[0]
    assert gain == pytest.approx(first.metrics["log_loss"] - second.metrics["log_loss"])


def test_a_version_better_beyond_chance_takes_the_place(world):
    world.train(POOR | BETTER)
    made = world.train(GOOD | BETTER)
    assert made.status == "champion"
    assert made.reason.startswith("better than model@1")
    assert statuses(world) == {1: "retired", 2: "champion"}


def test_one_that_is_not_better_beyond_chance_waits_as_the_only_challenger(world):
    world.train(GOOD | BETTER)
    second = world.train(GOOD | BETTER | {"estimator.seed": 1})
    assert second.status == "challenger"
    third = world.train(GOOD | BETTER | {"estimator.seed": 2})
    assert third.status == "challenger"
    assert statuses(world) == {1: "champion", 2: "retired", 3: "challenger"}
    again = world.train(GOOD | BETTER | {"estimator.seed": 2})
    assert (again.version, again.status, again.reused) == (3, "challenger", True)


def test_the_challenger_scores_in_shadow_and_never_among_the_predictions(world):
    world.train(GOOD)
    assert shadow(world) is None
    world.train(POOR | MANUAL)
    world.score()
    result = shadow(world)
    assert (result.version, result.rows, str(result.relation)) == (2, 600, "shadow.model")
    assert world.sql("select distinct model_version from predictions.model") == [(1,)]
    assert world.sql("select distinct model_version from shadow.model") == [(2,)]
    columns = "select column_name, data_type from information_schema.columns where table_schema = "
    assert world.sql(f"{columns}'shadow'") == world.sql(f"{columns}'predictions'")
    assert world.sql(
        "select count(*) from predictions.model join shadow.model as s using (id, as_of_date) "
        "where predictions.model.score <> s.score"
    )[0][0]


def test_by_another_metric_if_declared(world):
    world.train(GOOD)
    made = world.train(POOR | {"problem.champion": {"metric": "log_loss"}})
    assert made.reason.startswith("worse than model@1: gain in log_loss")


def test_a_champion_whose_feature_is_gone_is_not_compared_and_that_is_said(world):
    world.train(GOOD)
    world.sql("alter table gold.trn drop d")
    made = world.train(GOOD)
    assert made.status == "champion"
    *nothing, reason = compared(world, 2)["roc_auc"]
    assert nothing == [None, None, None, 120, 0.0]
    assert reason.startswith("feature 'd' of model@1 is not a column of gold.trn; it has: ")
    assert made.reason == f"it could not be compared with model@1: {reason}"


def test_a_champion_that_cannot_be_read_is_not_compared(world):
    world.train(GOOD | BETTER)
    world.sql("update ml.model_versions set artifact = 'broken'::blob")
    made = world.train(GOOD | BETTER)
    assert made.status == "champion"
    assert "was changed after it was made" in made.reason


def test_a_champion_of_other_classes_is_not_compared(world):
    world.train(GOOD)
    world.sql("alter table gold.trn alter y type varchar using if(y, 'yes', 'no')")
    made = world.train(GOOD)
    assert "model@1 tells false, true; the label is now no, yes" in made.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"train.features": {"exclude": ["d"]}},
        {"train.transform": {"twice": "a * 2"}},
        {"train.split": {"by": "random", "test": 0.2}, "train.features": {"include": ["a"]}},
    ],
)
def test_a_champion_with_other_features_is_asked_about_the_same_rows(world, changes):
    """The table has its columns still, and what it made by SQL is made again."""
    split = {"train.split": changes.get("train.split", {"by": "time", "test": 0.2})}
    first = world.train(GOOD | split | {"train.transform": {"half": "b / 2"}})
    world.train(GOOD | changes)
    told = world.sql(
        "select metric, value from ml.evaluations where data = 'champion' and version = 2"
    )
    assert dict(told) == pytest.approx(dict(first.metrics))


def test_without_a_split_both_are_judged_out_of_fold_and_a_lead_rejects_nobody(world):
    none = {"train.split": {"by": "none"}}
    world.train(GOOD | none)
    made = world.train(POOR | none)
    assert made.status == "champion"
    assert "or may have, so that its lead does not count" in made.reason
    assert world.sql("select distinct rows from ml.evaluations where data = 'champion'") == [(600,)]


def test_rows_the_champion_has_learnt_from_are_left_out_of_the_comparison(world):
    world.train(GOOD)  # holds out the last two of ten weeks
    world.train(GOOD | {"train.split.test": 0.4})
    _, _, _, rows, seen, _ = compared(world, 2)["roc_auc"]
    assert (rows, seen) == (120, 0.5)


def test_a_champion_that_has_learnt_from_all_rows_rejects_nobody(world):
    world.train(GOOD)
    world.sql("delete from gold.trn where day >= '2025-02-26'")
    made = world.train(POOR)
    assert made.status == "champion"
    assert "model@1 has learnt from these rows" in made.reason
    assert compared(world, 2)["roc_auc"][3:5] == [120, 1.0]


def test_where_it_cannot_be_known_what_the_champion_has_seen_its_lead_does_not_count(world):
    at_random = {"train.split": {"by": "random", "test": 0.2}, "train.time": None}
    world.sql("alter table gold.trn drop day")
    world.train(GOOD | at_random)
    made = world.train(POOR | at_random)
    assert made.status == "rejected"  # the very same rows were held out
    assert compared(world, 2)["roc_auc"][4] == 0.0
    world.sql("update gold.trn set a = a + 0.001 where id = 'K0007'")
    made = world.train(POOR | at_random)
    assert made.status == "champion"
    assert "so that its lead does not count" in made.reason
    assert compared(world, 3)["roc_auc"][4] is None


def test_every_decision_is_kept_with_who_when_and_why(world):
    world.train(GOOD)
    world.train(POOR)
    versions = {each.version: each for each in registry.versions(world.conn, "model")}
    decisions.promote(world.conn, versions[2], BY_HAND, "we know better")
    taken = decisions.history(world.conn, "model")
    assert [(each.version, each.status, each.action, each.by) for each in taken] == [
        (1, "champion", "train", "criteria"),
        (2, "rejected", "train", "criteria"),
        (1, "retired", "promote", "ann"),
        (2, "champion", "promote", "ann"),
    ]
    assert [each.number for each in taken] == [1, 2, 3, 4]
    assert (taken[-1].reason, taken[-1].run_id) == ("we know better", "run-9")
    assert registry.champion(world.conn, "model").version == 2


def rolled(world):
    cause = decisions.Cause("rollback", NOW.replace(tzinfo=None), "run-9", "ann")
    made, _ = decisions.roll_back(world.conn, "model", cause)
    return made.version


def test_a_rollback_goes_to_the_champion_before_and_the_next_one_further(world):
    for seed in (1, 2, 3):
        assert world.train({"estimator.seed": seed}).status == "champion"
    assert rolled(world) == 2
    assert rolled(world) == 1
    assert statuses(world) == {1: "champion", 2: "retired", 3: "retired"}
    with pytest.raises(UsageError, match="was champion before model@1"):
        rolled(world)


@pytest.mark.parametrize(
    ("events", "before"),
    [
        ("1 2", 1),
        ("1 2 <1 3", 1),
        ("1 2 3 <2", 1),
        ("1 2 1", 2),
        ("1", None),
        ("", None),
        ("1 2 <1", None),
    ],
)
def test_which_champion_was_before(events, before):
    taken = [
        decisions.Decision(
            at, "m", int(each.strip("<")), "champion", "rollback" if "<" in each else "train",
            None, NOW, "r", "x",
        )
        for at, each in enumerate(events.split())
    ]  # fmt: skip
    assert decisions.champion_before(taken) == before


@pytest.mark.parametrize("action", ["rollback", "promote", "retire"])
def test_what_a_person_has_put_aside_the_same_training_does_not_bring_back(world, action):
    world.train({"estimator.seed": 1})
    second = world.train({"estimator.seed": 2})
    cause = decisions.Cause(action, NOW.replace(tzinfo=None), "run-9", "ann")
    if action == "rollback":
        rolled(world)
    elif action == "promote":
        decisions.promote(world.conn, registry.versions(world.conn, "model")[1], cause)
    else:
        decisions.retire(world.conn, second, cause, "it offends")
    again = world.train({"estimator.seed": 2})
    assert (again.version, again.status, again.reused) == (2, "retired", True)


def test_without_a_champion_nothing_scores_and_the_reason_is_told(world):
    made = world.train()
    cause = decisions.Cause("retire", NOW.replace(tzinfo=None), "run-9", "ann")
    decisions.retire(world.conn, made, cause, "it offends")
    with pytest.raises(PipelineError, match="model@1, is retired .it offends"):
        world.score()


def test_a_registry_from_before_the_decisions_gets_what_it_lacks(world):
    world.train()
    for table in ("decisions", "comparisons", "problem_cards", "curves"):
        world.sql(f"drop table ml.{table}")
    world.sql("alter table ml.evaluations drop rows")
    assert decisions.history(world.conn, "model") == []
    made = world.train({"estimator.seed": 1})
    assert made.status == "champion"
    assert world.sql("select count(rows) > 0, count(*) > count(rows) from ml.evaluations") == [
        (True, True)
    ]


def test_no_versions_no_history():
    assert decisions.history(duckdb.connect(), "model") == []
