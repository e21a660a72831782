"""``make results``: run the examples over the real files and write docs/results.md from them.

Each example is copied out, run as a person runs it, and read back from its warehouse. Beside each
version stands plain scikit-learn: a Pipeline as a data scientist writes it, fitted on the same
training table and judged on the same rows held out.
"""

import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import sklearn
from PIL import Image
from rich.console import Console
from skimage.feature import hog
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
EXAMPLES = {
    "telco_churn": "telco_churn",
    "online_retail": "online_retail/by-day",
    "electronics_reviews": "electronics_reviews",
    "banking77": "banking77",
    "trivago_clickstream": "trivago_clickstream",
    "phone_screens": "phone_screens",
}
CHAMPION = """
    select model, version, estimator, spec, label, train_relation, train_rows, test_rows, test_from
    from ml.model_versions
    where status = 'champion'
    order by model
"""
MADE_UP = """
    select
        sets."set", sets.rows, sets.held_rows, metric, value, low, high, real, real_low, real_high
    from ml.synthetic_sets as sets
    inner join ml.synthetic_reports as reports using ("set", version)
    where part = 'usefulness' and metric in ('roc_auc', 'rmse')
    order by sets."set"
"""
EVALUATION = """
    select value, low, high
    from ml.evaluations
    where model = ? and version = ? and data = ? and metric = ? and segment = 'all'
"""


@dataclass(frozen=True)
class Row:
    """One metric of one example: ours with its interval, the baseline, plain scikit-learn."""

    example: str
    model: str
    estimator: str
    rows: str
    metric: str
    ours: str
    baseline: str
    plain: str


def main() -> None:
    """Run every example whose files are in the folder named, and write the page."""
    console = Console()
    data = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
    missing = [name for name in EXAMPLES.values() if not (data / name).is_dir()]
    if missing:
        console.print(f"{data} lacks {', '.join(missing)}; type: make results DATA=<folder>")
        sys.exit(2)
    rows = []
    for example, folder in EXAMPLES.items():
        with console.status(f"running examples/{example}"):
            rows += _run(example, data / folder)
        console.print(f"{example}: {rows[-1].metric} {rows[-1].ours}")
    PAGE.write_text(_page(rows), encoding="utf-8")
    console.print(f"written: {PAGE.relative_to(ROOT)}")


def _run(example: str, landing: Path) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / example
        left_out = shutil.ignore_patterns("warehouse", "target", "logs", "landing")
        shutil.copytree(ROOT / "examples" / example, project, ignore=left_out)
        goldloop = Path(sys.executable).with_name("goldloop")
        for command in (["features", "install"], ["run", "--landing", landing]):
            subprocess.run(
                [goldloop, "--project-dir", project, *command],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        file = project / "warehouse" / "current" / "warehouse.duckdb"
        with duckdb.connect(str(file.resolve()), read_only=True) as conn:
            return _read(example, conn)


def _read(example: str, conn: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return a row for each metric the champion is judged by."""
    found = conn.execute(CHAMPION)
    names = [column[0] for column in found.description]
    champions = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    rows = [row for champion in champions for row in _rows(example, conn, champion)]
    return [*rows, *_made_up(example, conn)]


def _made_up(example: str, conn: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return a row for each synthetic set: what is learnt from it, and from the real rows."""
    there = conn.execute(
        "select 1 from duckdb_tables() where schema_name = 'ml' and table_name = 'synthetic_sets'"
    ).fetchone()
    found = conn.execute(MADE_UP).fetchall() if there else []
    return [
        Row(
            example, name, "boosted_trees", f"{made:,} made up / {held:,}", metric,
            f"{value:.3f} ({low:.3f}–{high:.3f})", "–",
            f"{real:.3f} ({real_low:.3f}–{real_high:.3f})",
        )
        for name, made, held, metric, value, low, high, real, real_low, real_high in found
    ]  # fmt: skip


def _rows(example: str, conn: duckdb.DuckDBPyConnection, champion: dict[str, Any]) -> list[Row]:
    spec = json.loads(champion["spec"])
    # Without a label there is nothing that both could be held against.
    labelled = champion["label"] and not spec["train"].get("synthetic")
    told = _plain(conn, champion, spec) if labelled else {}
    rows = []
    for metric in dict.fromkeys(each["metric"] for each in spec["problem"]["success"]):
        identity = [champion["model"], champion["version"]]
        test = conn.execute(EVALUATION, [*identity, "test", metric]).fetchone()
        baseline = conn.execute(EVALUATION, [*identity, "baseline", metric]).fetchone()
        counted = f"{champion['train_rows']:,} / {champion['test_rows']:,}"
        rows.append(
            Row(
                example, champion["model"], champion["estimator"], counted, metric,
                f"{test[0]:.3f} ({test[1]:.3f}–{test[2]:.3f})",
                f"{baseline[0]:.3f}", f"{told[metric]:.3f}" if told else "–",
            )
        )  # fmt: skip
    return rows


def _plain(
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
    pipeline, inputs = _pipeline(spec["estimator"], features)
    pipeline.fit(inputs[learnt], labels[learnt])
    scores = {"accuracy": accuracy_score(labels[held], pipeline.predict(inputs[held]))}
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


def _pipeline(estimator: dict[str, Any], features: pa.Table) -> tuple[Pipeline, Any]:
    """Return the Pipeline a data scientist would write for this kind of data, and its input."""
    if estimator["preset"] == "text_classifier":
        texts = np.array(features.column(0).to_pylist(), dtype=object)
        return make_pipeline(TfidfVectorizer(), LinearSVC()), texts
    inputs = np.array([column.to_pylist() for column in features.columns], dtype=object).T
    types = features.schema.types
    words = [at for at, type_ in enumerate(types) if pa.types.is_string(type_)]
    others = [at for at in range(len(types)) if at not in words]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    trees = HistGradientBoostingClassifier(
        **estimator["params"],
        categorical_features=list(range(len(words))) or None,
        random_state=estimator["seed"],
    )
    numbers = FunctionTransformer(lambda values: values.astype(np.float64))
    encode = make_column_transformer((codes, words), (numbers, others))
    return make_pipeline(encode, trees), inputs


def _page(rows: Sequence[Row]) -> str:
    table = [
        f"| [`{row.example}`](../examples/{row.example}/README.md) | `{row.model}` | "
        f"`{row.estimator}` | {row.rows} | `{row.metric}` | {row.ours} | {row.baseline} | "
        f"{row.plain} |"
        for row in rows
    ]
    return f"""# Results on real data

Made by `make results`, which runs each example over the real files as a person would and reads its warehouse
(scikit-learn {sklearn.__version__}, seed 0). Nothing but SQL and YAML tells the examples apart.

| example | model | estimator | rows learnt from / held out | metric | ours (95 % interval) | baseline | plain scikit-learn |
| --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(table)}

*Ours* and its bootstrap interval are those of `ml.evaluations`. The *baseline* is what each model must beat: class shares, or
the column its declaration names. *Plain scikit-learn* is a Pipeline over the same training table, judged on the same rows:
`OrdinalEncoder` and `HistGradientBoostingClassifier` with the same parameters, for text `TfidfVectorizer` and `LinearSVC` as
they come; for photos scikit-image's `hog` and `LinearSVC`, out of fold as ours is (of 148 photos none is held out). Clusters have no label to be held against; their baseline is what is found in shuffled rows.
Of a synthetic set, *ours* is what boosted trees learnt from its made-up rows reach on real rows held out, and beside it
stands what the same trees reach that have learnt from the real ones ([synthetic.md](synthetic.md)).
"""  # noqa: E501


if __name__ == "__main__":
    main()
