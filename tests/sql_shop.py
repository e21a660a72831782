"""A dbt project of people who never leave SQL: a seed, a model that trains, models that ask it."""

import json
import os
import random
import subprocess
from datetime import date, timedelta
from pathlib import Path

from orchestration.models.macros import ML_MACROS, MODULE
from orchestration.project import QUIET, dbt_executable

ROWS = 3000
TRAINS = {
    "question": "Will this visit end in a purchase?",
    "decision": "Whom to show an offer.",
    "success": [{"metric": "roc_auc", "at_least": 0.6}],
    "label": "is_bought",
    "key": ["visit_id"],
    "time": "visit_date",
    "preset": "boosted_trees",
    "params": {"max_iter": 20},
}
ODD = {
    "question": "Which visits are odd?",
    "decision": "Which to look at.",
    "success": [{"metric": "stability", "at_least": 0.1}],
    "key": ["visit_id"],
    "time": "visit_date",
    "features": {"include": ["pages", "channel"]},
    "preset": "isolation_forest",
    "params": {"n_estimators": 20, "contamination": 0.05},
}
# Every macro that models call, by the model that calls it here; docs/bigquery-ml.md names them.
ASKS = {
    "told": "ml_predict(ref('purchase'), ref('visits'))",
    "told_of_some": "ml_predict(ref('purchase'), 'few', prefix='p_')",
    "told_by_name": "ml_predict('purchase', ref('visits'), version=1)",
    "explained": "ml_explain_predict(ref('purchase'), ref('visits'), top=2)",
    "odd_visits": "ml_detect_anomalies(ref('odd'), ref('visits'))",
    "evaluated": "ml_evaluate(ref('purchase'))",
    "confused": "ml_confusion_matrix(ref('purchase'))",
    "curved": "ml_roc_curve(ref('purchase'))",
    "important": "ml_feature_importance(ref('purchase'))",
    "trained": "ml_training_info(ref('purchase'))",
    "featured": "ml_feature_info(ref('purchase'))",
    "drifted": "ml_validate_drift(ref('visits'), ref('later_visits'))",
    "skewed": "ml_validate_skew(ref('purchase'), ref('later_visits'))",
}
LATER = """
select * replace (pages + 12 as pages) from {{ ref('visits') }} where visit_date > date '2026-02-01'
"""


def trains(meta: dict[str, object], select: str = "select * from {{ ref('visits') }}") -> str:
    """Return the SQL of a model that trains by ``meta``."""
    return (
        f"{{{{ config(materialized='ml_model', meta={{'ml': {json.dumps(meta)}}}) }}}}\n{select}\n"
    )


def write_shop(folder: Path, plugin: bool = True) -> Path:
    """Write the project into ``folder``; it has the macros as they are installed."""
    plugins = f", plugins: [{{module: {MODULE}}}]" if plugin else ""
    files = {
        "dbt_project.yml": "name: shop\nprofile: shop\n"
        f"macro-paths: ['{ML_MACROS.folder}']\nmodels: {{shop: {{+materialized: table}}}}\n",
        "profiles.yml": "shop: {target: dev, outputs: {dev: "
        f"{{type: duckdb, path: warehouse.duckdb, threads: 4{plugins}}}}}}}\n",
        "seeds/visits.csv": _visits(),
        "models/later_visits.sql": LATER,
        "models/purchase.sql": trains(TRAINS),
        "models/odd.sql": trains(ODD),
    }
    for name, call in ASKS.items():
        some = (
            "with few as (select * from {{ ref('visits') }} limit 7)\n" if "'few'" in call else ""
        )
        after = "-- depends_on: {{ ref('purchase') }}\n"
        files[f"models/{name}.sql"] = f"{after}{some}select * from {{{{ {call} }}}} as asked\n"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt in ``folder`` as a person does."""
    command = [dbt_executable(), "--no-use-colors", *arguments, "--profiles-dir", "."]
    return subprocess.run(
        command, cwd=folder, env=os.environ | QUIET, check=False, capture_output=True, text=True
    )


def _visits() -> str:
    draw = random.Random(1)
    lines = ["visit_id,pages,channel,is_bought,visit_date"]
    for number in range(ROWS):
        pages = draw.randrange(20)
        bought = str(pages + draw.randrange(12) > 14).lower()
        day = date(2026, 1, 1) + timedelta(days=number // 50)
        lines.append(f"{number},{pages},{draw.choice(['mail', 'search', ''])},{bought},{day}")
    return "\n".join(lines) + "\n"
