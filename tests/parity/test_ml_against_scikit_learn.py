"""The engine beside scikit-learn as its own users write it, on the same rows and parameters."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

CUT = "2025-02-26"
FEATURES = "a::double, b::double, c, d::double"


def rows(world, what, where="true"):
    found = world.sql(f"select {what} from gold.trn where {where} order by id, day")
    return np.array(found, dtype=object)


def columns(found):
    """Numbers as floats with NaN for None, the categories as text or None."""
    numbers = np.array(found[:, [0, 1, 3]], dtype=np.float64)
    return np.column_stack([numbers.astype(object), found[:, 2]])


def told(world, changes):
    """Train and score by the engine; the scores in the order of the key."""
    world.train(changes)
    world.score(changes)
    return np.array(
        world.sql("select score::double from predictions.model order by id"), dtype=np.float64
    )[:, 0]


CATEGORIES = OrdinalEncoder(
    handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
)


def test_boosted_trees_tell_what_scikit_learn_tells(world):
    params = {"max_iter": 40, "learning_rate": 0.2, "min_samples_leaf": 5}
    pipeline = make_pipeline(
        ColumnTransformer([("n", "passthrough", [0, 1, 2]), ("c", CATEGORIES, [3])]),
        HistGradientBoostingClassifier(**params, categorical_features=[3], random_state=7),
    )
    learnt = columns(rows(world, FEATURES, f"day < '{CUT}'"))
    labels = rows(world, "y", f"day < '{CUT}'")[:, 0].astype(bool)
    wanted = pipeline.fit(learnt, labels).predict_proba(columns(rows(world, FEATURES)))[:, 1]
    changes = {"estimator": {"preset": "boosted_trees", "params": params, "seed": 7}}
    # The engine keeps the columns' order; boosted trees do not mind it but for ties.
    world.sql("create or replace table gold.trn as select id, a, b, d, c, day, y from gold.trn")
    assert np.max(np.abs(told(world, changes) - wanted)) < 1e-12


def test_boosted_trees_of_a_number_tell_what_scikit_learn_tells(world):
    world.sql("create or replace table gold.trn as select id, b, d, c, day, a from gold.trn")
    found = rows(world, "b::double, d::double, c, a::double")
    plain = np.column_stack([np.array(found[:, :2], dtype=np.float64).astype(object), found[:, 2]])
    early = rows(world, f"day < '{CUT}'")[:, 0].astype(bool)
    pipeline = make_pipeline(
        ColumnTransformer([("n", "passthrough", [0, 1]), ("c", CATEGORIES, [2])]),
        HistGradientBoostingRegressor(max_iter=20, categorical_features=[2], random_state=0),
    )
    target = found[:, 3].astype(np.float64)
    wanted = pipeline.fit(plain[early], target[early]).predict(plain)
    changes = {
        "train.label": "a",
        "problem.success": [{"metric": "rmse", "at_most": 10}],
        "estimator.params": {"max_iter": 20},
        "score.on": "trn",
    }
    world.train(changes)
    world.score(changes)
    ours = np.array(world.sql("select prediction from predictions.model order by id"))[:, 0]
    assert np.max(np.abs(ours - wanted)) < 1e-12


def test_logistic_regression_tells_what_scikit_learn_tells(world):
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    pipeline = make_pipeline(
        ColumnTransformer(
            [("n", numbers, [0, 1, 2]), ("c", OneHotEncoder(handle_unknown="ignore"), [3])]
        ),
        LogisticRegression(C=0.5, max_iter=1000),
    )
    learnt = columns(rows(world, FEATURES, f"day < '{CUT}'"))
    labels = rows(world, "y", f"day < '{CUT}'")[:, 0].astype(bool)
    wanted = pipeline.fit(learnt, labels).predict_proba(columns(rows(world, FEATURES)))[:, 1]
    changes = {"estimator": {"preset": "logistic_regression", "params": {"C": 0.5}}}
    assert np.max(np.abs(told(world, changes) - wanted)) < 1e-12


def test_text_classification_tells_what_scikit_learn_tells(world):
    words = "c || ' w' || (a * 50)::integer || ' w' || (b % 11)"
    world.sql(f"create or replace table gold.trn as select id, day, {words} as t, y from gold.trn")
    world.sql("create or replace table gold.ftr as select * exclude (y) from gold.trn")
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=5.0, max_iter=1000),
    )
    learnt = rows(world, "coalesce(t, '')", f"day < '{CUT}'")[:, 0]
    labels = rows(world, "y", f"day < '{CUT}'")[:, 0].astype(bool)
    texts = rows(world, "coalesce(t, '')")[:, 0]
    wanted = pipeline.fit(learnt, labels).predict_proba(texts)[:, 1]
    params = {"ngram_range": [1, 2], "sublinear_tf": True, "C": 5.0}
    changes = {"estimator": {"preset": "text_classifier", "params": params}}
    changes["problem.success.0.judge"] = "value"
    assert np.max(np.abs(told(world, changes) - wanted)) < 1e-12


@pytest.mark.parametrize("preset", ["boosted_trees", "logistic_regression"])
def test_the_prediction_is_the_class_scikit_learn_predicts(world, preset):
    world.sql(
        "create or replace table gold.trn as select * exclude (y, c), "
        "case when a < 0.3 then 'low' when a < 0.6 then 'mid' else 'top' end as y from gold.trn"
    )
    found = np.array(rows(world, "a::double, b::double, d::double"), dtype=np.float64)
    labels = rows(world, "y")[:, 0].astype(str)
    early = rows(world, f"day < '{CUT}'")[:, 0].astype(bool)
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    estimator = {
        "boosted_trees": HistGradientBoostingClassifier(max_iter=10, random_state=0),
        "logistic_regression": make_pipeline(numbers, LogisticRegression(max_iter=1000)),
    }[preset].fit(found[early], labels[early])
    params = {"max_iter": 10} if preset == "boosted_trees" else {}
    changes = {"estimator": {"preset": preset, "params": params}}
    scores = told(world, changes)
    assert np.max(np.abs(scores - estimator.predict_proba(found).max(axis=1))) < 1e-12
    ours = [each for (each,) in world.sql("select prediction from predictions.model order by id")]
    assert ours == list(estimator.predict(found))
