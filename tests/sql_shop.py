"""A dbt project of people who never leave SQL: a seed, a model that trains, models that ask it."""

import json
import os
import random
import subprocess
from datetime import date, timedelta
from pathlib import Path

import duckdb

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
SALES = {
    "question": "How many visits will there be?",
    "decision": "How many people to roster.",
    "success": [{"metric": "mase", "at_most": 5}],
    "label": "visits",
    "key": ["channel"],
    "time": "visit_date",
    "series": {"every": "day", "horizon": 7, "windows": 2},
    "preset": "seasonal_naive",
    "params": {"season_length": 7},
}
LIKES = {
    "question": "Which pages will a visitor read next?",
    "decision": "Which to link to.",
    "success": [{"metric": "ndcg_at_10", "at_least": 0.001}],
    "key": ["visitor", "page"],
    "item": "page",
    "time": "visit_date",
    "preset": "matrix_factorization",
    "params": {"factors": 2, "iterations": 3},
}
# Every macro that models call, by the model that calls it here; docs/bigquery-ml.md names them.
ASKS = {
    "told": "ml_predict(ref('purchase'), ref('visits'))",
    "told_of_some": "ml_predict(ref('purchase'), 'few', prefix='p_')",
    "told_by_name": "ml_predict('purchase', ref('visits'), version=1)",
    "explained": "ml_explain_predict(ref('purchase'), ref('visits'), top=2)",
    "odd_visits": "ml_detect_anomalies(ref('odd'), ref('visits'))",
    "visits_ahead": "ml_forecast(ref('sales'))",
    "few_ahead": "ml_forecast(ref('sales'), 'few', horizon=3, level=0.8)",
    "pages_liked": "ml_recommend(ref('likes'), ref('visitors'), top=3)",
    "liked_by_all": "ml_recommend(ref('likes'))",
    "evaluated": "ml_evaluate(ref('purchase'))",
    "confused": "ml_confusion_matrix(ref('purchase'))",
    "curved": "ml_roc_curve(ref('purchase'))",
    "important": "ml_feature_importance(ref('purchase'))",
    "trained": "ml_training_info(ref('purchase'))",
    "featured": "ml_feature_info(ref('purchase'))",
    "drifted": "ml_validate_drift(ref('visits'), ref('later_visits'))",
    "skewed": "ml_validate_skew(ref('purchase'), ref('later_visits'))",
}
FEW = {
    "told_of_some": "select * from {{ ref('visits') }} limit 7",
    "few_ahead": "select * from {{ ref('visits_daily') }} where visit_date < date '2026-02-01'",
}
DAILY = "select channel, visit_date, count(*) as visits from {{ ref('visits') }} group by all"
READ = """
select distinct on (visitor, page)
    visit_id % 60 as visitor, 'page ' || pages as page, visit_date
from {{ ref('visits') }}
where (visit_id % 60 + pages) % 3 = 0
order by visit_date
"""
# Two of them have read nothing.
VISITORS = "select range as visitor, 'x' as kind from range(62)"
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
        "models/visits_daily.sql": DAILY,
        "models/visitors.sql": VISITORS,
        "models/sales.sql": trains(SALES, "select * from {{ ref('visits_daily') }}"),
        "models/likes.sql": trains(LIKES, READ),
    }
    for name, call in ASKS.items():
        some = f"with few as ({FEW[name]})\n" if name in FEW else ""
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


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """Return what ``sql`` finds in the warehouse of the project."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def _visits() -> str:
    draw = random.Random(1)
    lines = ["visit_id,pages,channel,is_bought,visit_date"]
    for number in range(ROWS):
        pages = draw.randrange(20)
        bought = str(pages + draw.randrange(12) > 14).lower()
        day = date(2026, 1, 1) + timedelta(days=number // 50)
        lines.append(f"{number},{pages},{draw.choice(['mail', 'search', ''])},{bought},{day}")
    return "\n".join(lines) + "\n"
