"""What a macro is given, held against what there is: relations, columns, names, the task."""

from collections.abc import Collection, Mapping
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from ml.columns import Column, Kind, Source, describe
from ml.errors import PipelineError, UsageError
from ml.names import listed
from ml.relation import Relation, quote
from ml.versions.registry import ModelVersion
from orchestration.assets.sql_trained import ASKED_BY


def source_given(
    cursor: DuckDBPyConnection, named: Mapping[str, str] | None, dry: bool
) -> Source | None:
    """Return the relation that a macro is given, as its database has it; None for a CTE.

    Raises PipelineError for one that is not built; where nothing is (``dry``) it is None, too.
    """
    if named is None:
        return None
    cursor.execute(f"use {quote(named['database'])}")
    relation = Relation(named["schema"], named["name"])
    try:
        return Source(named["name"], relation, describe(cursor, relation))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        if dry:
            return None
        raise PipelineError(
            f"{relation} cannot be read from the warehouse ({str(error).splitlines()[0]})",
            fix=f"build it: dbt build --select +{named['name'].removesuffix('__training')}",
        ) from None


def column_given(
    source: Source, name: str, kinds: Collection[Kind], version: ModelVersion, macro: str
) -> Column:
    """Return column ``name`` of ``source``, which ``version`` reads; any of ``kinds`` will do.

    Raises PipelineError with the nearest names for one that is not there, or is of another kind.
    """
    found = source.columns.get(name)
    if found is None:
        raise PipelineError(
            f"{macro} reads '{name}' for {version.name}, which is not a column of "
            f"{source.relation}; it has: {listed(name, source.columns)}",
            fix=f"add it to the SQL of {source.dbt_name} as the training set has it, then: "
            f"{source.build}",
        )
    if kinds and found.kind not in kinds:
        raise PipelineError(
            f"{macro} reads '{name}' for {version.name}, which is {found.type} in "
            f"{source.relation}; allowed: a {' or a '.join(kinds)}",
            fix=f"cast it in the SQL of {source.dbt_name}, then: {source.build}",
        )
    return found


def check_task(version: ModelVersion, asked: Mapping[str, Any]) -> None:
    """Raise UsageError where ``version`` is of another task than the macro is of."""
    if asked["task"] not in (None, version.task):
        raise UsageError(
            f"{asked['macro']} asks {version.name}, a {version.task}; allowed: a model of task "
            f"{asked['task']}",
            fix=f"ask it by {ASKED_BY.get(version.task, 'ml_predict')}, or name another model in "
            f"the SQL that calls {asked['macro']}",
        )


def check_names(columns: Collection[str], of: object, asked: Mapping[str, Any]) -> None:
    """Raise UsageError where ``columns`` of ``of`` have the name of one that the macro adds."""
    there = {name.lower() for name in columns}
    taken = [name for name in asked["adds"] if name.lower() in there]
    if taken:
        raise UsageError(
            f"{asked['macro']} adds {', '.join(taken)} to the columns of {of}, which "
            "has them already; allowed: names it has not",
            fix=f"put something before them: {asked['macro']}(…, prefix='{asked['model']}_')",
        )
