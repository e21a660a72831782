"""How a step goes on beside a failure: what is blocked is passed over, the rest is built.

Dagster would abandon every step that reads from a failed one, in whole. So that only what lies
downstream of a failure stops, a step yields an output for each of its assets, and for those that
were not built one that counts as no materialization. What is blocked stands beside the candidate.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import dagster as dg
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

from orchestration.project import Project

# An output with this mark is not logged as a materialization.
UNBUILT = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}


def table_of(key: dg.AssetKey) -> str:
    """Return the table an asset makes, ``schema.name``."""
    return ".".join(key.path)


def unbuilt(context: dg.AssetExecutionContext, key: dg.AssetKey) -> dg.Output[None]:
    """Return the output of an asset that this step has not built."""
    name = context.assets_def.get_output_name_for_asset_key(key)
    return dg.Output(None, output_name=name, metadata=UNBUILT)


def unchecked(
    context: dg.AssetExecutionContext, evaluated: Iterable[dg.AssetCheckKey]
) -> Iterator[dg.Output[None]]:
    """Yield an output for each check planned that was not ``evaluated``: it tells of nothing.

    A step that reads the table waits for the outputs of its blocking checks, for ever where none
    comes; the audit sees that they did not run.
    """
    done = set(evaluated)
    for key in sorted(context.selected_asset_check_keys - done, key=str):
        name = context.assets_def.get_output_name_for_asset_check_key(key)
        yield dg.Output(None, output_name=name)


def guarded(
    project: Project,
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    reads: Collection[dg.AssetKey],
    body: Callable[[], Iterable[Any]],
) -> Iterator[Any]:
    """Yield what ``body`` yields for asset ``key``, unless a table it ``reads`` is blocked.

    The asset is blocked in turn when it was passed over, when ``body`` raises, or when one of its
    checks fails that blocks.
    """
    causes = project.blocked.among(map(table_of, reads))
    if causes:
        table, cause = next(iter(causes.items()))
        context.log.warning(f"{table_of(key)} was passed over: {table} is blocked: {cause}")
        project.blocked.add({table_of(key): cause})
        yield unbuilt(context, key)
        return
    try:
        for result in body():
            project.blocked.add(failed_checks([result]))
            yield result
    except Exception as error:
        project.blocked.add({table_of(key): f"{table_of(key)} failed: {error}"})
        yield unbuilt(context, key)
        raise


def failed_checks(results: Iterable[Any]) -> dict[str, str]:
    """Return the tables of which a check failed that blocks, with the check."""
    found = {}
    for check in (check for result in results for check in _checks(result)):
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
            table = table_of(check.asset_key)
            found[table] = f"check {check.check_name} of {table} failed"
    return found


def _checks(result: Any) -> Iterable[Any]:
    if isinstance(result, dg.MaterializeResult):
        return result.check_results or []
    return [result] if isinstance(result, dg.AssetCheckResult | dg.AssetCheckEvaluation) else []
