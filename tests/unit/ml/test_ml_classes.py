import json

import numpy as np
import pytest

from ml.data.features import Encoder, Feature
from ml.errors import PipelineError, UsageError
from ml.estimators import check_params, fit
from tests.unit.ml.world import FILE

ENCODER = Encoder(
    (
        Feature("a", "DOUBLE", "number"),
        Feature("b", "BOOLEAN", "boolean"),
        Feature("c", "VARCHAR", "category", ("x", "y")),
    )
)
ROWS = np.random.default_rng(0).normal(size=(60, 3))
ROWS[:, 2] = np.arange(60) % 2
CODES = np.arange(60) % 3 % 2
LOGISTIC = {"class": "sklearn.linear_model.LogisticRegression"}
REGRESSION = {"problem.success": [{"metric": "r2", "at_least": 0}]}


def refused(world, estimator, changes=None):
    with pytest.raises(UsageError) as caught:
        check_params(world.spec({"estimator": estimator, **(changes or {})}))
    assert FILE in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "params", "told"),
    [
        ("sklearn.svm.SVK", {}, r"sklearn.svm has no 'SVK'; it has: SVC"),
        ("sklearn.svn.SVC", {}, r"sklearn.svn cannot be imported: ModuleNotFoundError"),
        ("sklearn.base.warnings", {}, "which is no estimator"),
        ("sklearn.utils.Bunch", {}, "which is no estimator"),
        (
            "sklearn.svm.SVC",
            {"CC": 1},
            "unknown parameter estimator.params.CC (value 1); SVC takes: C",
        ),
        ("sklearn.svm.SVC", {"C": -1}, "The 'C' parameter of SVC must be a float in the range"),
        ("sklearn.svm.SVC", {"kernel": "rbff"}, "The 'kernel' parameter of SVC must be"),
        ("sklearn.svm.SVC", {"random_state": 1}, "the seed is estimator.seed"),
        ("sklearn.svm.SVC", {"class_weight": "balanced"}, "are estimator.class_weight"),
        ("sklearn.svm.SVC", {"decision_function_shape": "ovo"}, "allowed: ovr"),
        ("sklearn.svm.SVR", {}, "SVR is a regressor, but roc_auc judges a classification"),
        ("sklearn.preprocessing.StandardScaler", {}, "StandardScaler is a helper"),
        ("sklearn.cluster.KMeans", {}, "KMeans is a clusterer"),
        ("sklearn.linear_model.MultiTaskLasso", {}, "is a regressor"),
        ("sklearn.ensemble.RandomForestClassifier", {"n_jobs": 2}, "is not declared"),
        (
            "sklearn.ensemble.HistGradientBoostingClassifier",
            {"scoring": "roc_auc"},
            "estimator.params.scoring is 'roc_auc'; allowed: loss",
        ),
        (
            "sklearn.ensemble.HistGradientBoostingClassifier",
            {"categorical_features": [0]},
            "the types of the columns say it",
        ),
        (
            "sklearn.pipeline.Pipeline",
            {"steps": [["model", LOGISTIC]], "memory": "/tmp/x"},
            "what it keeps are pickles",
        ),
        (
            "sklearn.ensemble.VotingClassifier",
            {"estimators": [["a", LOGISTIC]], "voting": "hard"},
            "tells neither probabilities nor a decision function",
        ),
        ("sklearn.ensemble.VotingClassifier", {}, "missing 1 required positional argument"),
        ("sklearn.semi_supervised.SelfTrainingClassifier", {}, "lacks an estimator to work on"),
        (
            "sklearn.ensemble.BaggingClassifier",
            {"estimator": {"class": "sklearn.svm.SVC", "params": {"CC": 1}}},
            "unknown parameter estimator.params.estimator.params.CC",
        ),
        (
            "sklearn.ensemble.BaggingClassifier",
            {"estimator": {"class": "sklearn.svm.SVC", "params": {"C": -1}}},
            "The 'C' parameter of SVC must be",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_is_wrong_with_a_class_is_told_before_any_row_is_read(world, name, params, told):
    assert told in refused(world, {"class": name, "params": params})


@pytest.mark.parametrize(
    ("estimator", "told"),
    [
        ({"class": "os.system"}, "'os.system', which is neither scikit-learn's nor the project's"),
        ({"class": "numpy.ndarray"}, "add to goldloop.yml: ml: {trust: [numpy.ndarray]}"),
        ({"class": "sklearnish.Model"}, "neither scikit-learn's"),
        ({"class": "SVC"}, "estimator.class is 'SVC'; allowed: package.module.Class"),
        ({"class": "sklearn.svm:SVC"}, "allowed: package.module.Class"),
        ({"class": "sklearn..SVC"}, "allowed: package.module.Class"),
        ({"class": "../sklearn.svm.SVC"}, "allowed: package.module.Class"),
        ({"builder": "os:system"}, "add to goldloop.yml: ml: {trust: [os:system]}"),
        ({"builder": "sklearn.pipeline:make_pipeline"}, "neither scikit-learn's nor"),
        ({"builder": "features.make"}, "allowed: package.module:function"),
        ({"builder": "a/b:make"}, "allowed: package.module:function"),
        (
            {**LOGISTIC, "params": {"x": [{"class": "os.path.join"}]}},
            "estimator.params.x[0].class names 'os.path.join'",
        ),
    ],
)
def test_a_name_outside_scikit_learn_is_refused_before_it_is_imported(world, estimator, told):
    assert told in refused(world, estimator)


def test_trust_holds_for_the_exact_name_alone(world):
    changes = {"estimator": {"class": "collections.abc.Mapping"}}
    world.trust = ("collections.abc.Mapping",)
    with pytest.raises(UsageError, match="which is no estimator"):
        check_params(world.spec(changes))
    world.trust = ("collections.abc",)
    with pytest.raises(UsageError, match=r"trusts: collections.abc; if you trust it"):
        world.spec(changes)


@pytest.mark.parametrize(
    ("estimator", "changes", "told"),
    [
        (
            {"class": "sklearn.neighbors.KNeighborsClassifier", "class_weight": "balanced"},
            {},
            "KNeighborsClassifier takes no weight of rows",
        ),
        (
            {"class": "sklearn.naive_bayes.GaussianNB", "reads": "text"},
            {},
            "GaussianNB takes no sparse matrix",
        ),
        (
            {"class": "sklearn.svm.SVC", "monotonic": {"a": "increasing"}},
            {},
            "SVC, which takes no monotonic_cst",
        ),
        (
            {
                "class": "sklearn.tree.ExtraTreeRegressor",
                "params": {"splitter": "best"},
                "monotonic": {"a": "increasing"},
            },
            REGRESSION,
            "ExtraTreeRegressor, which takes no monotonic_cst with these parameters",
        ),
        (
            {"preset": "logistic_regression", "monotonic": {"a": "increasing"}},
            {},
            "allowed: beside boosted_trees, random_forest, or a class that takes monotonic_cst",
        ),
        (
            {"preset": "boosted_trees", "monotonic": {"y": "increasing"}},
            {},
            "estimator.monotonic names 'y', which is no feature",
        ),
        (
            {"preset": "boosted_trees", "monotonic": {"a": "increasing"}},
            {"train.features": {"exclude": ["a"]}},
            "estimator.monotonic names 'a', which is no feature",
        ),
        (
            {"preset": "boosted_trees", "monotonic": {"a": "upwards"}},
            {},
            "allowed: decreasing, increasing",
        ),
        (
            {"preset": "boosted_trees", "class_weight": "balanced"},
            REGRESSION,
            "class_weight weighs classes, but r2 judges a regression",
        ),
        (
            {"preset": "boosted_trees", "reads": "text"},
            {},
            "boosted_trees says itself what it reads",
        ),
    ],
)
def test_what_a_kind_of_estimator_cannot_do_is_refused(world, estimator, changes, told):
    assert told in refused(world, estimator, changes)


@pytest.mark.parametrize(
    ("estimator", "classes", "told"),
    [
        (
            {"monotonic": {"z": "increasing"}},
            ("n", "y"),
            "'z', which is no feature; it has: a, b, c",
        ),
        (
            {"monotonic": {"c": "increasing"}},
            ("n", "y"),
            "'c', which is a category and has no order",
        ),
        (
            {"monotonic": {"a": "increasing"}},
            ("l", "m", "n"),
            "has estimator.monotonic and 3 classes",
        ),
        ({"class_weight": {"Y": 3}}, ("n", "y"), "'Y', which is no class of 'y'; it has: y, n"),
    ],
)
def test_names_of_features_and_classes_are_held_against_those_there_are(
    world, estimator, classes, told
):
    spec = world.spec({"estimator": {"preset": "boosted_trees", **estimator}})
    with pytest.raises(UsageError, match=told):
        fit(spec, ENCODER, ROWS, CODES, classes)


def test_a_nested_estimator_has_the_seed_too(world):
    params = {"estimator": {"class": "sklearn.tree.DecisionTreeClassifier"}, "n_estimators": 2}
    estimator = {"class": "sklearn.ensemble.BaggingClassifier", "params": params, "seed": 9}
    made = fit(world.spec({"estimator": estimator}), ENCODER, ROWS, CODES, ("n", "y"))
    assert (made.random_state, made.estimator.random_state) == (9, 9)


def test_a_pipeline_may_be_the_class(world):
    tree = {"class": "sklearn.tree.DecisionTreeClassifier", "params": {"max_depth": 3}}
    fill = {"class": "sklearn.impute.SimpleImputer"}
    steps = [["fill", fill], ["tree", tree]]
    estimator = {"class": "sklearn.pipeline.Pipeline", "params": {"steps": steps}, "seed": 4}
    spec = world.spec({"estimator": {**estimator, "class_weight": "balanced"}})
    check_params(spec)
    made = fit(spec, ENCODER, ROWS, CODES, ("n", "y"))
    assert [name for name, _ in made.steps] == ["fill", "tree"]
    assert made.named_steps["tree"].random_state == 4


def test_a_class_is_trained_kept_and_scored(world):
    estimator = {
        "class": "sklearn.svm.LinearSVC",
        "params": {"C": 0.5},
        "class_weight": {"true": 2},
    }
    made = world.train({"estimator": estimator})
    assert (made.status, made.estimator) == ("champion", "sklearn.svm.LinearSVC")
    assert json.loads(made.params) == {"C": 0.5}
    assert world.score({"estimator": estimator}).rows == 600
    assert world.train({"estimator": estimator}).reused


def test_a_class_whose_fit_fails_leaves_nothing_behind(world):
    estimator = {"class": "sklearn.neighbors.RadiusNeighborsClassifier", "params": {"radius": 0.01}}
    with pytest.raises(PipelineError, match="could not tell: No neighbors found"):
        world.train({"estimator": estimator})
    assert world.sql("from duckdb_tables() where schema_name <> 'gold'") == []
