"""Explanations against paths walked in plain Python, coefficients by hand, and their own sum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline

from ml.data.features import Encoder, Feature
from ml.errors import UsageError
from ml.explain import Explainer, explain, reasons
from ml.model import Model
from ml.tables import reason_columns
from tests.unit.ml.estimated import ESTIMATORS, fitted, matrix

MODELS = {name: fitted(name) for name in ESTIMATORS}


def raw(model, inputs, output):
    """What the estimator itself says, before its link, of the output explained."""
    last = model.estimator
    if hasattr(last, "decision_function"):
        found = last.decision_function(inputs)
        return found if found.ndim == 1 else found[np.arange(len(found)), output]
    if hasattr(last, "predict_proba"):
        return last.predict_proba(inputs)[np.arange(len(inputs)), output]
    if hasattr(last, "_raw_predict"):
        return last._raw_predict(inputs)[:, 0]
    return last.predict(inputs)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_base_and_contributions_add_up_to_the_raw_score(name):
    inputs = matrix()
    told = explain(MODELS[name], inputs)
    assert told.contributions.shape == (400, 5)
    assert np.abs(told.margin - raw(MODELS[name], inputs, told.output)).max() <= 1e-9


numbers = st.one_of(
    st.floats(-1e9, 1e9), st.just(np.nan), st.sampled_from([0.0, -0.0, 1e-300, 3.0, 1e30])
)
rows = st.tuples(
    numbers, st.sampled_from([0, 1, 2, 3, np.nan]), numbers,
    st.sampled_from([0, 1, np.nan]), st.sampled_from([0, 1, np.nan]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=20))
def test_they_add_up_whatever_the_rows(given_rows):
    inputs = np.array(given_rows, dtype=np.float64)
    for name in ("boosted three", "forest two", "logistic two"):
        told = explain(MODELS[name], inputs)
        wanted = raw(MODELS[name], inputs, told.output)
        assert np.abs(told.margin - wanted).max() <= 1e-9 * max(1, np.abs(wanted).max())


def mean_of(nodes, at):
    """The mean raw value of the rows learnt from that passed node ``at``."""
    node = nodes[at]
    if node["is_leaf"]:
        return float(node["value"])
    both = [int(node["left"]), int(node["right"])]
    total = sum(int(nodes[each]["count"]) for each in both)
    return sum(mean_of(nodes, each) * int(nodes[each]["count"]) for each in both) / total


def walked(estimator, row, features):
    """Saabas' contributions of one row, one node after another, from scikit-learn's own nodes."""
    categories = estimator._preprocessor.named_transformers_["encoder"].categories_
    order = [1, 3, 0, 2, 4]
    found = dict.fromkeys(range(features), 0.0)
    base = float(estimator._baseline_prediction[0, 0])
    for (predictor,) in estimator._predictors:
        nodes, at = predictor.nodes, 0
        base += mean_of(nodes, 0)
        while not nodes[at]["is_leaf"]:
            node = nodes[at]
            column = int(node["feature_idx"])
            value = row[order[column]]
            if node["is_categorical"]:
                seen = [code for code in categories[column] if not np.isnan(code)]
                if np.isnan(value) or value not in seen:
                    left = bool(node["missing_go_to_left"])
                else:
                    place = seen.index(value)
                    left = predictor.raw_left_cat_bitsets[node["bitset_idx"]][0] >> place & 1 == 1
            elif np.isnan(value):
                left = bool(node["missing_go_to_left"])
            else:
                left = value <= node["num_threshold"]
            after = int(node["left"] if left else node["right"])
            found[order[column]] += mean_of(nodes, after) - mean_of(nodes, at)
            at = after
    return base, [found[at] for at in range(features)]


def test_boosted_trees_are_explained_as_a_walk_along_each_path_does():
    model, inputs = MODELS["boosted two"], matrix()[280:340]
    told = explain(model, inputs)
    for row, contributions in zip(inputs, told.contributions, strict=True):
        base, wanted = walked(model.estimator, row, 5)
        assert told.base[0] == pytest.approx(base, abs=1e-12)
        assert contributions == pytest.approx(wanted, abs=1e-12)


def test_a_forest_is_explained_as_a_walk_along_each_path_does():
    model, inputs = MODELS["forest three"], matrix()[:40]
    told = explain(model, inputs)
    for row, output, contributions in zip(inputs, told.output, told.contributions, strict=True):
        wanted = np.zeros(5)
        for each in model.estimator.estimators_:
            path = each.decision_path(np.float32(row[None])).indices
            values = each.tree_.value[:, 0, output]
            for before, after in zip(path, path[1:], strict=False):
                wanted[each.tree_.feature[before]] += (values[after] - values[before]) / 5
        assert contributions == pytest.approx(wanted, abs=1e-12)


def test_a_linear_model_is_explained_by_its_coefficients():
    model = MODELS["logistic two"]
    encode, last = (step for _, step in model.estimator.steps)
    row = np.array([[1.5, 2.0, np.nan, 0.0, 1.0]])
    told = explain(model, row)
    numbers = encode.named_transformers_["numbers"]
    scaler = numbers.named_steps["scale"]
    weights = last.coef_[0]
    a = (1.5 - scaler.mean_[0]) / scaler.scale_[0] * weights[0]
    a += (0 - scaler.mean_[3]) / scaler.scale_[3] * weights[3]
    assert told.contributions[0, 0] == pytest.approx(a, abs=1e-12)
    colours = weights[6:10]  # three seen colours and missing
    assert told.contributions[0, 1] == pytest.approx(colours[2] - colours.mean(), abs=1e-12)


def test_the_base_is_the_mean_raw_score_of_the_rows_learnt_from():
    learnt = matrix()[:300]
    for name in ("boosted two", "tree", "boosted number"):
        told = explain(MODELS[name], learnt)
        assert told.base[-1] == pytest.approx(told.margin.mean(), abs=1e-9)


def test_the_space_is_told():
    spaces = {name: Explainer(model).space for name, model in MODELS.items()}
    assert spaces["boosted two"] == spaces["logistic three"] == "log-odds"
    assert spaces["forest two"] == "probability"
    assert (spaces["ridge"], spaces["boosted poisson"]) == ("number", "logarithm")


def texts():
    documents = np.array(["good good day", "bad day", "good", "awful bad", "nice day", "bad"] * 5)
    said = np.array([1, 0, 1, 0, 1, 0] * 5)
    steps = [("words", TfidfVectorizer()), ("model", LogisticRegression())]
    feature = Feature("said", "VARCHAR", "text")
    estimator = Pipeline(steps).fit(documents, said)
    return Model(Encoder((feature,)), estimator, "classification", ("no", "yes")), documents


def test_a_text_is_explained_by_its_words():
    model, documents = texts()
    told = explain(model, documents)
    assert np.abs(told.margin - model.estimator.decision_function(documents)).max() <= 1e-9
    columns = reasons(told, 2)
    assert columns["reason_1"].to_pylist()[:2] == ["good", "bad"]
    assert columns["reason_1_effect"][0].as_py() > 0 > columns["reason_1_effect"][1].as_py()
    assert columns["reason_2"].to_pylist()[2] is None  # one word has no second reason
    none = reasons(explain(model, np.array(["unheard of"])), 2)
    assert [each.to_pylist() for each in none.values()] == [[None]] * 4


def test_reasons_are_the_largest_effects_with_their_signs():
    told = explain(MODELS["boosted two"], matrix())
    columns = reasons(told, 7)
    assert list(columns) == list(reason_columns(7))
    for at in (0, 17, 250):
        effects = told.contributions[at]
        ranked = [each for each in np.argsort(-np.abs(effects), kind="stable") if effects[each]]
        names = [columns[f"reason_{rank}"][at].as_py() for rank in range(1, 8)]
        assert [name for name in names if name] == [told.names[each] for each in ranked]
        assert columns["reason_1_effect"][at].as_py() == effects[ranked[0]]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_what_cannot_be_explained_is_refused_with_what_can():
    estimator = MLPClassifier((2,), max_iter=5).fit(np.zeros((4, 1)), [0, 1, 0, 1])
    encoder = Encoder((Feature("a", "DOUBLE", "number"),))
    model = Model(encoder, estimator, "classification", ("no", "yes"))
    with pytest.raises(UsageError, match="MLPClassifier cannot be explained; allowed: linear"):
        Explainer(model)
