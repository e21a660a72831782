"""Every classifier and regressor of scikit-learn, named as a class, fitted, kept, read again."""

import warnings

import numpy as np
import pytest
from sklearn.utils import all_estimators

from ml.data.features import Encoder, Feature
from ml.errors import GoldloopError
from ml.estimators import check_params, fit, tell
from ml.versions import artifact

ENCODER = Encoder(
    (
        Feature("a", "DOUBLE", "number"),
        Feature("b", "BOOLEAN", "boolean"),
        Feature("c", "VARCHAR", "category", ("x", "y", "z")),
    )
)
ROWS = np.random.default_rng(0).normal(size=(60, 3))
ROWS[:, 1] = np.arange(60) % 2
ROWS[:, 2] = np.arange(60) // 2 % 3
ROWS[::7, 0] = np.nan
ROWS[::11, 2] = np.nan
CODES = (np.nan_to_num(ROWS[:, 0]) + ROWS[:, 1] > 0.5).astype(np.int64)
AMOUNTS = np.abs(np.nan_to_num(ROWS[:, 0])) + ROWS[:, 1] + 0.1
LOGISTIC = {"class": "sklearn.linear_model.LogisticRegression"}
RIDGE = {"class": "sklearn.linear_model.Ridge"}
# What a class cannot do without, or does faster with.
PARAMS = {
    "AdaBoostClassifier": {"n_estimators": 3},
    "AdaBoostRegressor": {"n_estimators": 3},
    "ClassifierChain": {"estimator": LOGISTIC},
    "BaggingClassifier": {"n_estimators": 3},
    "BaggingRegressor": {"n_estimators": 3},
    "CalibratedClassifierCV": {"estimator": LOGISTIC, "cv": 2},
    "ExtraTreesClassifier": {"n_estimators": 3},
    "ExtraTreesRegressor": {"n_estimators": 3},
    "FixedThresholdClassifier": {"estimator": LOGISTIC},
    "GradientBoostingClassifier": {"n_estimators": 3},
    "GradientBoostingRegressor": {"n_estimators": 3},
    "HistGradientBoostingClassifier": {"max_iter": 2},
    "HistGradientBoostingRegressor": {"max_iter": 2},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2, "l1_ratios": [0], "use_legacy_attributes": False},
    "MLPClassifier": {"max_iter": 5, "hidden_layer_sizes": [4]},
    "MLPRegressor": {"max_iter": 5, "hidden_layer_sizes": [4, 3]},
    "MultiOutputClassifier": {"estimator": LOGISTIC},
    "MultiOutputRegressor": {"estimator": RIDGE},
    "OneVsOneClassifier": {"estimator": LOGISTIC},
    "OneVsRestClassifier": {"estimator": LOGISTIC},
    "OutputCodeClassifier": {"estimator": LOGISTIC},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
    "PLSRegression": {"n_components": 1},
    "RadiusNeighborsClassifier": {"radius": 50.0},
    "RadiusNeighborsRegressor": {"radius": 50.0},
    "RandomForestClassifier": {"n_estimators": 3},
    "RandomForestRegressor": {"n_estimators": 3},
    "RegressorChain": {"estimator": RIDGE},
    "SelfTrainingClassifier": {"estimator": LOGISTIC},
    "StackingClassifier": {"estimators": [["one", LOGISTIC]], "cv": 2},
    "StackingRegressor": {"estimators": [["one", RIDGE]], "cv": 2},
    "TheilSenRegressor": {"max_subpopulation": 50},
    "TunedThresholdClassifierCV": {"estimator": LOGISTIC, "cv": 2},
    "VotingClassifier": {"estimators": [["one", LOGISTIC]], "voting": "soft"},
    "VotingRegressor": {"estimators": [["one", RIDGE], ["two", RIDGE]]},
}


# Those that cannot be had, and what is told of them.
SEVERAL, FIT = "learns several labels", "could not be fitted"
REFUSED = {
    "CCA": FIT,
    "ClassifierChain": SEVERAL,
    "IsotonicRegression": FIT,
    "MultiOutputClassifier": SEVERAL,
    "MultiOutputRegressor": SEVERAL,
    "MultiTaskElasticNet": SEVERAL,
    "MultiTaskElasticNetCV": SEVERAL,
    "MultiTaskLasso": SEVERAL,
    "MultiTaskLassoCV": SEVERAL,
    "OutputCodeClassifier": "tells neither probabilities nor a decision function",
    "PLSCanonical": FIT,
    "RegressorChain": SEVERAL,
    "TunedThresholdClassifierCV": r"cannot be kept: .*balanced_accuracy_score \(FunctionNode\)",
}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    EVERY = [
        (kind, name, each.__module__)
        for kind in ("classifier", "regressor")
        for name, each in all_estimators(type_filter=kind)
    ]


def fitted(world, kind, name, module):
    changes = {"estimator": {"class": f"{module}.{name}", "params": PARAMS.get(name, {})}}
    if kind == "regressor":
        changes["problem.success"] = [{"metric": "r2", "at_least": 0}]
    spec = world.spec(changes)
    check_params(spec)
    if kind == "regressor":
        return fit(spec, ENCODER, ROWS, AMOUNTS)
    return fit(spec, ENCODER, ROWS, CODES, ("no", "yes"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "name", "module"), [each for each in EVERY if each[1] not in REFUSED]
)
def test_a_class_of_scikit_learn_tells_the_same_when_it_is_read_again(world, kind, name, module):
    made = fitted(world, kind, name, module)
    data = artifact.dump(made)
    again = artifact.load(
        data, digest=artifact.sha256(data), libraries=artifact.library_versions(), of="model@1"
    )
    task = "regression" if kind == "regressor" else "classification"
    told = tell(made, ROWS, task)
    assert told.shape == ((60, 2) if kind == "classifier" else (60,))
    assert np.isfinite(told).all()
    assert np.array_equal(tell(again, ROWS, task), told)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "name", "module"), [each for each in EVERY if each[1] in REFUSED])
def test_a_class_that_cannot_be_had_is_refused_before_anything_is_kept(world, kind, name, module):
    with pytest.raises(GoldloopError, match=REFUSED[name]):
        artifact.dump(fitted(world, kind, name, module))


def test_every_class_of_scikit_learn_was_tried():
    assert len(EVERY) > 90
    assert set(REFUSED) <= {name for _, name, _ in EVERY}
