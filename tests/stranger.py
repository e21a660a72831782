"""A small dbt project of nobody's: a CSV source, a training set, one ML model, one mart."""

import random
from datetime import date, timedelta
from pathlib import Path

PROJECT = """
name: stranger
profile: stranger
models:
  stranger: {+materialized: table, +schema: gold}
"""

SOURCES = """
sources:
  - name: web
    schema: landing
    tables:
      - name: visits
        identifier: web__visits
        config: {meta: {landing: {path: visits/*.csv, format: csv, key: [visit_id]}}}
        columns:
          - {name: visit_id, data_type: varchar}
          - {name: pages, data_type: integer}
          - {name: channel, data_type: varchar}
          - {name: is_bought, data_type: boolean}
          - {name: visit_date, data_type: date}
  - name: predictions
    tables:
      - name: purchase
        columns:
          - {name: visit_id, data_type: varchar}
          - {name: as_of_date, data_type: date}
          - {name: prediction, data_type: boolean}
          - {name: score, data_type: double}
          - {name: model_name, data_type: varchar}
          - {name: model_version, data_type: integer}
          - {name: run_id, data_type: varchar}
          - {name: scored_at, data_type: timestamp}
"""

TRAINING = """
select visit_id, channel, pages, is_bought, visit_date
from {{ source('web', 'visits') }}
"""

FEATURES = """
select visit_id, channel, pages, visit_date
from {{ source('web', 'visits') }}
"""

MART = """
select visit_date, avg(score) as expected_share, count(*) as visits
from {{ source('predictions', 'purchase') }}
inner join {{ ref('visit_features') }} using (visit_id)
group by visit_date
"""

EXPOSURE = """
exposures:
  - name: purchase
    type: ml
    owner: {name: Web, email: web@example.com}
    description: Will this visit end in a purchase?
    depends_on: [ref('visit_training'), ref('visit_features')]
    config:
      meta:
        ml:
          problem:
            question: Will this visit end in a purchase?
            decision: Whom to show an offer.
            baseline: prior
            success: [{metric: roc_auc, at_least: 0.6}]
          train:
            on: visit_training
            label: is_bought
            key: [visit_id]
            time: visit_date
            split: {by: time, test: 0.2}
          estimator: {preset: logistic_regression}
          score: {on: visit_features, key: [visit_id], time: visit_date}
"""


def write_stranger(folder: Path, days: int = 30, visits: int = 20) -> Path:
    """Write the project and its landed files into ``folder``; buyers read more pages."""
    for name, text in {
        "dbt_project.yml": PROJECT,
        "models/sources.yml": SOURCES,
        "models/visit_training.sql": TRAINING,
        "models/visit_features.sql": FEATURES,
        "models/visit_mart.sql": MART,
        "models/purchase.yml": EXPOSURE,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    for day in range(days):
        write_day(folder, date(2025, 1, 1) + timedelta(days=day), visits)
    return folder


def write_day(folder: Path, day: date, visits: int = 20) -> Path:
    """Write the file of one day, the same for the same day."""
    draw = random.Random(day.toordinal())
    lines = ["visit_id,pages,channel,is_bought,visit_date"]
    for number in range(visits):
        bought = draw.random() < 0.4
        pages = draw.randint(1, 10) + 6 * bought
        channel = draw.choice(["search", "mail", "direct"])
        lines.append(f"{day:%m%d}-{number},{pages},{channel},{str(bought).lower()},{day}")
    path = folder / "landing" / "visits" / f"visits_{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
