import inspect
import json
from dataclasses import FrozenInstanceError

import pytest
import yaml
from pydantic import ValidationError
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ml.declaration.presets import PRESETS, WORD_PARAMS
from ml.errors import UsageError
from ml.spec import parse_spec
from tests.unit.ml.world import FILE, declare


def parse(changes=None):
    return parse_spec("model", declare(changes), file=FILE)


def refused(changes):
    with pytest.raises(UsageError) as caught:
        parse(changes)
    text = str(caught.value)
    assert "ML model 'model'" in text
    assert text.endswith(f"fix {FILE}, then: dbt parse")
    return text


def test_a_declaration_is_parsed_with_its_defaults():
    spec = parse({"train.split": None, "estimator.params": None})
    assert (spec.name, spec.file, spec.task) == ("model", FILE, "classification")
    assert (spec.problem.baseline, spec.estimator.seed) == ("prior", 0)
    assert (spec.train.split.by, spec.train.split.test) == ("time", 0.2)
    assert spec.train.key == ("id",)
    assert spec.estimator.params == {}


def test_on_without_quotes_which_yaml_takes_for_true_is_on(tmp_path):
    meta = declare()
    for part in ("train", "score"):
        meta[part] = {**meta[part], True: meta[part].pop("on")}
    assert yaml.safe_load(yaml.safe_dump(meta))["train"][True] == "trn"
    from_yaml = parse_spec("model", meta, file=FILE)
    from_manifest = parse_spec("model", json.loads(json.dumps(meta)), file=FILE)
    assert from_yaml == from_manifest == parse()


def test_a_parsed_declaration_cannot_be_changed():
    spec = parse()
    with pytest.raises((ValidationError, FrozenInstanceError)):
        spec.train.label = "other"
    with pytest.raises(TypeError):
        spec.estimator.params["max_iter"] = 1


@pytest.mark.parametrize(
    ("key", "value", "nearest"),
    [
        ("trian", {}, "train"),
        ("name", "x", "train"),
        ("problem.sucess", [], "success"),
        ("train.lable", "y", "label"),
        ("train.split.tset", 0.2, "test"),
        ("estimator.presets", "x", "preset"),
        ("score.tiem", "day", "time"),
        ("problem.success.0.at_lest", 0.5, "at_least"),
    ],
)
def test_an_unknown_key_is_refused_by_name_with_what_is_allowed(key, value, nearest):
    text = refused({key: value})
    dotted = key.replace(".0.", "[0].")
    assert f"unknown key {dotted} (value {value!r})" in text
    assert f"may have: {nearest}" in text or key == "name"


@pytest.mark.parametrize(
    "key",
    ["problem", "train", "estimator", "score", "problem.question", "problem.decision"]
    + ["problem.success", "train.on", "train.label", "train.key"]
    + ["score.on", "score.key", "score.time", "problem.success.0.metric"],
)
def test_a_missing_key_is_named(key):
    assert f"{key.replace('.0.', '[0].')} is missing" in refused({key: None})


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("train.split.by", "tiem", "allowed: time, "),
        ("train.split.test", "0.2", "allowed: a number"),
        ("train.split.test", 1.5, "less than 1"),
        ("train.split.test", 0, "greater than 0"),
        ("train.key", "id", "allowed: a list"),
        ("train.key", [], "allowed: a list of one or more"),
        ("train.label", 3, "allowed: text"),
        ("train.label", "", "allowed: text that is not empty"),
        ("train", ["on"], "allowed: a mapping"),
        ("problem.question", "  ", "allowed: text that is not empty"),
        ("problem.success", [], "allowed: a list of one or more"),
        ("problem.success.0.at_least", float("nan"), "allowed: a finite number"),
        ("estimator.preset", "boosted_tree", "allowed: boosted_trees"),
        ("estimator.seed", True, "allowed: a whole number"),
        ("estimator.seed", -1, "greater than or equal to 0"),
        ("problem.success.0.metric", "roc_auk", "allowed: roc_auc"),
        ("estimator.params", {"max_itr": 3}, "boosted_trees takes: max_iter"),
        ("estimator.params", {"random_state": 3}, "boosted_trees takes: "),
        ("estimator.class_weight", {"a": 0}, "allowed: 'balanced', or a weight above 0"),
    ],
)
def test_a_value_that_is_not_allowed_is_shown_with_what_is(key, value, told):
    text = refused({key: value})
    assert told in text
    assert key.split(".")[-1] in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train.time": None}, "train.split.by is 'time', but train.time is missing"),
        ({"train.label": "id"}, "train.label 'id' is also the key or the time"),
        ({"train.label": "day"}, "train.label 'day' is also the key or the time"),
        ({"train.key": ["id", "id"]}, "train.key names id more than once"),
        ({"train.time": "id"}, "train.time 'id' is also in train.key"),
        ({"score.time": "id"}, "score.time 'id' is also in score.key"),
        ({"score.key": ["Model_Version"]}, "a column that every prediction has of its own"),
        ({"problem.success.0.at_least": None}, "(roc_auc) has no bound"),
        ({"problem.success.0.at_most": 1}, "(roc_auc) has at_least and at_most"),
        ({"problem.success": [{"metric": "log_loss", "at_least": 1}]}, "lower is better"),
        (
            {"problem.success": [{"metric": "f1", "at_most": 1}, {"metric": "r2", "at_most": 1}]},
            "two kinds of task: f1 (classification), r2 (regression)",
        ),
        (
            {"problem.champion": {"metric": "rmse"}},
            "problem.champion.metric is 'rmse'; allowed: brier",
        ),
        (
            {
                "problem.baseline": "a",
                "problem.success": [{"metric": "accuracy", "beats_baseline_by": 0}],
            },
            "compares accuracy with the column 'a'",
        ),
        (
            {
                "estimator": {"preset": "logistic_regression"},
                "problem.success": [{"metric": "r2", "at_least": 0}],
            },
            "allowed: linear_regression, boosted_trees",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(changes, told):
    assert told in refused(changes)


def test_every_mistake_is_told_at_once():
    text = refused({"train.lable": "y", "train.on": None, "score.tiem": "day"})
    assert text.count("\n") == 3


def test_every_parameter_of_a_preset_is_one_of_scikit_learn():
    def takes(*estimators):
        return set().union(*(inspect.signature(each).parameters for each in estimators))

    trees = PRESETS["boosted_trees"]
    assert trees.params <= takes(HistGradientBoostingClassifier)
    assert trees.params <= takes(HistGradientBoostingRegressor)
    assert PRESETS["logistic_regression"].params <= takes(LogisticRegression)
    assert WORD_PARAMS <= takes(TfidfVectorizer)
    assert not WORD_PARAMS & PRESETS["logistic_regression"].params
    assert PRESETS["text_classifier"].params <= takes(TfidfVectorizer, LogisticRegression)
