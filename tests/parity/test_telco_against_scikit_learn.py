"""Real customers: the engine's held-out ROC AUC beside a plain scikit-learn pipeline's."""

import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from ml.relation import Relation
from ml.spec import parse_spec
from ml.train import train
from ml.versions.provenance import Provenance

DATA = Path(os.environ.get("GOLDLOOP_DATA") or Path(__file__).parents[3] / "shared" / "data")
FILE = DATA / "telco_churn" / "Telco-Customer-Churn.csv"
NUMBERS = ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]


@pytest.fixture
def conn():
    if not FILE.exists():
        pytest.skip(f"{FILE} is not there; set GOLDLOOP_DATA to the folder of the real data")
    found = duckdb.connect()
    found.execute("create schema gold")
    found.execute(
        "create table gold.trn as select * replace (try_cast(TotalCharges as double) as "
        "TotalCharges) from read_csv(?, header = true, all_varchar = false, nullstr = ' ', "
        "types = {'Churn': 'VARCHAR', 'SeniorCitizen': 'BIGINT'})",
        [str(FILE)],
    )
    return found


def plain(preset, categories, numbers):
    if preset == "boosted_trees":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
        encode = ColumnTransformer([("c", codes, categories), ("n", "passthrough", numbers)])
        marked = list(range(len(categories)))
        return make_pipeline(
            encode, HistGradientBoostingClassifier(categorical_features=marked, random_state=0)
        )
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore")
    encode = ColumnTransformer([("n", scaled, numbers), ("c", one_hot, categories)])
    return make_pipeline(encode, LogisticRegression(max_iter=1000))


@pytest.mark.parametrize("preset", ["boosted_trees", "logistic_regression"])
def test_the_held_out_roc_auc_of_telco_churn_is_that_of_a_plain_pipeline(conn, preset):
    meta = {
        "problem": {
            "question": "who leaves",
            "decision": "whom to call",
            "success": [{"metric": "roc_auc", "at_least": 0.8}],
        },
        "train": {
            "on": "trn",
            "label": "Churn",
            "key": ["customerID"],
            "split": {"by": "random", "test": 0.2},
        },
        "estimator": {"preset": preset},
        "score": {"on": "trn", "key": ["customerID"], "time": "today"},
    }
    spec = parse_spec("telco", meta, file="telco.yml")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = train(conn, spec, {"trn": Relation("gold", "trn")}, Provenance("run"), now=now)
    assert (made.data_rows, made.status) == (7043, "champion")

    names = [name for name, *_ in conn.execute("describe gold.trn").fetchall()][1:-1]
    found = np.array(
        conn.execute("select * exclude (customerID) from gold.trn order by customerID").fetchall(),
        dtype=object,
    )
    features, labels = found[:, :-1], found[:, -1] == "Yes"
    numbers = [at for at, name in enumerate(names) if name in NUMBERS]
    features[:, numbers] = features[:, numbers].astype(np.float64)
    categories = [at for at in range(len(names)) if at not in numbers]
    learnt, held = train_test_split(
        np.arange(len(labels)), test_size=0.2, random_state=0, stratify=labels
    )
    pipeline = plain(preset, categories, numbers).fit(features[learnt], labels[learnt])
    wanted = roc_auc_score(labels[held], pipeline.predict_proba(features[held])[:, 1])
    assert abs(made.metrics["roc_auc"] - wanted) < 0.01
    assert wanted > 0.82
