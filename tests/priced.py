"""The stranger's project with more to it: conditions, models of SQL, a model behind a model."""

from pathlib import Path

from tests.sql_shop import trains
from tests.stranger import write_stranger

SOURCES = """
sources:
  - name: ads
    schema: landing
    tables:
      - name: campaigns
        identifier: ads__campaigns
        config: {meta: {landing: {path: campaigns/*.csv, format: csv, key: [channel]}}}
        columns:
          - {name: channel, data_type: varchar}
          - {name: cost, data_type: integer}
          - {name: country, data_type: varchar}
          - {name: note, data_type: varchar}
"""
CAMPAIGNS = "channel,cost,country,note\nsearch,5,DE,a\nmail,1,FR,b\ndirect,3,DE,c\n"
PRICED = """
select visits.visit_id, visits.pages, visits.channel, campaigns.cost, visits.visit_date
from {{ ref('visit_features') }} as visits
inner join {{ source('ads', 'campaigns') }} as campaigns on campaigns.channel = visits.channel
where campaigns.country <> 'XX'
"""
BUYERS = """
select priced.*, training.is_bought
from {{ ref('priced') }} as priced
inner join {{ ref('visit_training') }} as training using (visit_id)
"""
SECOND = """
select told.visit_id, told.score as first_score, training.channel, training.is_bought,
    training.visit_date
from {{ source('predictions', 'purchase') }} as told
inner join {{ ref('visit_training') }} as training using (visit_id)
"""
BEHIND = """
select visit_date, max(score) filter (where is_bought) as highest, count(*) as told,
    sum(model_version) as versions
from {{ ref('second_told') }} group by visit_date having count(*) > 1
"""
DECLARED = {
    "question": "Will this visit end in a purchase?",
    "decision": "Whom to show an offer.",
    # Whatever is changed in the rows, a version tells.
    "success": [{"metric": "roc_auc", "at_least": 0.0, "judge": "value"}],
    "label": "is_bought",
    "key": ["visit_id"],
    "time": "visit_date",
    "preset": "logistic_regression",
}


def write_priced(folder: Path) -> Path:
    """Write the project and its landed files into ``folder``; its macros are not installed."""
    write_stranger(folder)
    asks = {
        "buyers_told": "ml_predict(ref('buyers'), ref('priced'))",
        "buyers_explained": "ml_explain_predict(ref('buyers'), ref('priced'), top=2)",
        "purchase_told": "ml_predict('purchase', ref('visit_features'), prefix='p_')",
        "second_told": "ml_predict(ref('second'), ref('second__rows'))",
        "evaluated": "ml_evaluate(ref('buyers'))",
        "important": "ml_feature_importance(ref('second'))",
        "described": "ml_feature_info(ref('buyers'))",
        "skewed": "ml_validate_skew(ref('buyers'), ref('priced'))",
        "drifted": "ml_validate_drift(ref('visit_training'), ref('visit_features'), ['pages'])",
    }
    files = {
        "models/ads.yml": SOURCES,
        "landing/campaigns/all.csv": CAMPAIGNS,
        "models/priced.sql": PRICED,
        "models/buyers.sql": trains(DECLARED, BUYERS),
        "models/second__rows.sql": SECOND,
        "models/second.sql": trains(DECLARED, "select * from {{ ref('second__rows') }}"),
        "models/behind.sql": BEHIND,
        **{f"models/{name}.sql": f"select * from {{{{ {call} }}}} as asked\n"
           for name, call in asks.items()},
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    exposure = folder / "models" / "purchase.yml"
    easy = exposure.read_text().replace("at_least: 0.6", "at_least: 0.0, judge: value")
    exposure.write_text(easy, encoding="utf-8")
    return folder
