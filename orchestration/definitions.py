"""The code location: one asset graph made from the dbt manifest of the project at hand."""

import dagster as dg

from orchestration.assets.contract_checks import ContractChecks
from orchestration.assets.feedback import check_feedback
from orchestration.assets.landing import landing_assets
from orchestration.assets.ml import ml_assets
from orchestration.assets.sql import sql_assets
from orchestration.assets.synthetic import synthetic_assets
from orchestration.declared import declared_models
from orchestration.project import Project
from orchestration.run.executor import releasing_executor
from orchestration.synthetic.sets import check_use

LOOP = "loop"
# After the upstream systems have delivered the day before, and before people come to work.
DAILY = "0 5 * * *"


def build(project: Project) -> dg.Definitions:
    """Build the graph of ``project``: landing, SQL models, ML models and predictions as one."""
    loop = dg.define_asset_job(
        LOOP, selection=dg.AssetSelection.all(), description="Everything, from files to marts."
    )
    check_feedback(project)
    contracts = ContractChecks.of(project)
    assets = [
        *landing_assets(project, contracts),
        *synthetic_assets(project, contracts),
        *ml_assets(project, contracts),
    ]
    if any(node["resource_type"] == "model" for node in project.manifest.raw["nodes"].values()):
        assets.append(sql_assets(project, contracts))
    check_use(project.manifest, declared_models(project))
    contracts.require({key for each in assets for key in each.keys})
    return dg.Definitions(
        assets=assets,
        jobs=[loop],
        schedules=[dg.ScheduleDefinition(job=loop, cron_schedule=DAILY)],
        executor=releasing_executor(project),
    )


project = Project.locate()
project.export()
defs = build(project)


def loop_job() -> dg.JobDefinition:
    """Return the job ``loop``; a run's process finds it by this name."""
    return defs.resolve_job_def(LOOP)
