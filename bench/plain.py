"""Plain scikit-learn, as a data scientist writes it, on the rows that a version was judged on."""

import io
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from PIL import Image
from skimage.feature import hog
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    mean_absolute_error,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.model_selection import (
    StratifiedGroupKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC


def plain(
    conn: duckdb.DuckDBPyConnection, champion: dict[str, Any], spec: dict[str, Any]
) -> dict[str, float]:
    """Return what plain scikit-learn reaches on the rows that ``champion`` was judged on."""
    train, relation = spec["train"], champion["train_relation"]
    order = ", ".join(f'"{name}"' for name in [*train["key"], train.get("time")] if name)
    table = conn.sql(f"select * from {relation} order by {order}").to_arrow_table()
    labels = np.array(table[champion["label"]].to_pylist())
    if spec["estimator"].get("preset") == "image_classifier":
        return _plain_photos(table, labels, spec)
    held = _held_out(table, labels, champion, spec)
    learnt = ~held & _before_embargo(table, champion, train)
    left_out = [*train["key"], train.get("time"), champion["label"], train["split"].get("column")]
    features = table.drop_columns([name for name in left_out if name])
    pipeline, inputs = _pipeline(spec["estimator"], champion["task"], features)
    pipeline.fit(inputs[learnt], labels[learnt])
    told = pipeline.predict(inputs[held])
    if champion["task"] == "regression":
        metrics = {"mae": mean_absolute_error, "rmse": root_mean_squared_error}
        return {name: metric(labels[held], told) for name, metric in metrics.items()}
    scores = {"accuracy": accuracy_score(labels[held], told)}
    if hasattr(pipeline, "predict_proba"):
        positive = pipeline.predict_proba(inputs[held])[:, 1]
        scores["roc_auc"] = roc_auc_score(labels[held], positive)
        scores["average_precision"] = average_precision_score(labels[held], positive)
    return scores


def _plain_photos(table: pa.Table, labels: Any, spec: dict[str, Any]) -> dict[str, float]:
    """Return what HOG alone reaches out of fold, the rows of a group in one fold."""
    (name,), (group,) = spec["train"]["features"]["include"], spec["train"]["split"]["group"]
    photos = [Image.open(io.BytesIO(each)) for each in table[name].to_pylist()]
    inputs = [hog(np.asarray(each.convert("L").resize((128, 128)))) for each in photos]
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=spec["estimator"]["seed"])
    told = cross_val_predict(
        make_pipeline(StandardScaler(), LinearSVC()),
        np.array(inputs),
        labels,
        groups=table[group].to_pylist(),
        cv=folds,
    )
    return {"accuracy": accuracy_score(labels, told)}


def _held_out(table: pa.Table, labels: Any, champion: dict[str, Any], spec: dict[str, Any]) -> Any:
    split = spec["train"]["split"]
    if split["by"] == "column":
        return np.array(table[split["column"]].to_pylist(), dtype=bool)
    if split["by"] == "time":
        return _times(table, spec["train"]) >= np.datetime64(champion["test_from"])
    _, held = train_test_split(
        np.arange(len(labels)),
        test_size=split["test"],
        random_state=spec["estimator"]["seed"],
        stratify=labels,
    )
    return np.isin(np.arange(len(labels)), held)


def _before_embargo(table: pa.Table, champion: dict[str, Any], train: dict[str, Any]) -> Any:
    days = train["split"].get("embargo_days", 0)
    if train["split"]["by"] != "time" or not days:
        return np.ones(table.num_rows, dtype=bool)
    last = np.datetime64(champion["test_from"]) - np.timedelta64(days, "D")
    return _times(table, train) < last


def _times(table: pa.Table, train: dict[str, Any]) -> Any:
    return np.array(table[train["time"]].to_pylist(), dtype="datetime64[us]")


def _pipeline(estimator: dict[str, Any], task: str, features: pa.Table) -> tuple[Pipeline, Any]:
    """Return the Pipeline a data scientist would write for this kind of data, and its input."""
    if estimator["preset"] == "text_classifier":
        texts = np.array(features.column(0).to_pylist(), dtype=object)
        return make_pipeline(TfidfVectorizer(), LinearSVC()), texts
    inputs = np.array([column.to_pylist() for column in features.columns], dtype=object).T
    types = features.schema.types
    words = [at for at, type_ in enumerate(types) if pa.types.is_string(type_)]
    others = [at for at in range(len(types)) if at not in words]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    regress = task == "regression"
    boosting = HistGradientBoostingRegressor if regress else HistGradientBoostingClassifier
    trees = boosting(
        **estimator["params"],
        categorical_features=list(range(len(words))) or None,
        random_state=estimator["seed"],
    )
    numbers = FunctionTransformer(lambda values: values.astype(np.float64))
    encode = make_column_transformer((codes, words), (numbers, others))
    return make_pipeline(encode, trees), inputs
