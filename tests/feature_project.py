"""Feature views, a behaviour and training sets for a stranger's dbt project."""

from pathlib import Path
from typing import Any

import yaml

VIEW = """
select
    channel,
    count(*) as visits,
    visit_date as counted_on,
    cast(visit_date as timestamp) + interval 1 day as known_at
from {{ source('web', 'visits') }}
group by channel, visit_date
"""
SPINE = "select distinct channel, visit_date as as_of from {{ source('web', 'visits') }}"
TRAINING = """
with moments as (select * from {{ ref('moments') }}),

final as (
    {{ training_set(spine='moments', time='as_of', features=['ftr_channels.visits']) }}
)

select * from final
"""
DIRECT = "{{ training_set(spine=ref('moments'), time='as_of', features=['ftr_channels']) }}"
SNAPSHOT = "{{ feature_snapshot(features=['ftr_channels'], as_of=\"date '2025-01-20'\") }}"
DECLARED = {
    "entity": ["channel"],
    "event_time": "counted_on",
    "known_time": "known_at",
    "ttl": "7 days",
    "owner": "Web",
}
CLICKS = """
select *, 'visit' as what, cast(visit_date as timestamp) + interval 1 day as known_at
from {{ source('web', 'visits') }}
"""
BEHAVIOUR = {
    "event": "what",
    "time": "visit_date",
    "known": "known_at",
    "every": "1 day",
    "features": {"visits_3d": {"count": "visit", "over": "3 days"}},
}
EVERY_DAY = DECLARED | {"event_time": "as_of", "known_time": "as_of"}
FILES = {
    "clicks": CLICKS,
    "ftr_behaviour": "{{ behaviour(ref('clicks')) }}",
    "ftr_channels": VIEW,
    "moments": SPINE,
    "trn_channels": TRAINING,
    "trn_direct": DIRECT,
    "now_channels": SNAPSHOT,
}


def properties() -> dict[str, Any]:
    names = ("channel", "visits", "counted_on", "known_at")
    override = {"ftr_channels": DECLARED | {"features": ["visits"]}}
    return {
        "models": [
            {
                "name": "ftr_channels",
                "config": {"meta": {"feature_view": DECLARED}},
                "columns": [{"name": name, "description": name} for name in names],
                "data_tests": ["one_row_per_event"],
            },
            {"name": "trn_direct", "config": {"meta": {"team": "web"}}},
            {
                "name": "clicks",
                "columns": [
                    {"name": name} for name in ("channel", "visit_date", "what", "known_at")
                ],
            },
            {
                "name": "ftr_behaviour",
                "config": {"meta": {"feature_view": EVERY_DAY, "behaviour": BEHAVIOUR}},
                "columns": [
                    {"name": name, "description": name}
                    for name in ("channel", "visits_3d", "as_of")
                ],
                "data_tests": ["one_row_per_event"],
            },
        ],
        "unit_tests": [
            {
                "name": "yesterdays_visits_are_known_today",
                "model": "trn_channels",
                "overrides": {"macros": {"feature_views": override}},
                "given": [
                    {"input": "ref('moments')", "rows": [{"channel": "a", "as_of": "2025-01-02"}]},
                    {
                        "input": "ref('ftr_channels')",
                        "rows": [
                            {"channel": "a", "visits": day, "counted_on": f"2025-01-0{day}",
                             "known_at": f"2025-01-0{day + 1}"}
                            for day in (1, 2)
                        ],
                    },
                ],
                "expect": {"rows": [{"channel": "a", "visits": 1}]},
            }
        ],
    }  # fmt: skip


def write_features(project: Path) -> None:
    for name, sql in FILES.items():
        (project / f"models/{name}.sql").write_text(sql)
    (project / "models/features.yml").write_text(yaml.safe_dump(properties()))
