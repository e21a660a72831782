"""What must hold before a model learns from made-up rows: marked, no copies, judged by strangers.

A made-up row knows the rows it was made from. A model that learns from it would be judged on what
it knows if one of these were held out.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import describe
from ml.data.dataset import TrainingSet
from ml.data.holdout import Parts
from ml.errors import PipelineError
from ml.names import listed
from ml.relation import quote
from ml.spec import ModelSpec
from ml.synthetic.sets import Made, versions
from ml.synthetic.tables import SEEN
from ml.tables import exists

_HELD = "rows_held_out"


def check_made_up(
    conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet, parts: Parts
) -> None:
    """Hold the training set ``found`` against the synthetic sets of the warehouse.

    Raises PipelineError for made-up rows that are not marked, that no set here has made, that copy
    real people, or that were made from rows held out in ``parts``.
    """
    used = []
    for each, marked, unmarked in _met(conn, found):
        if unmarked:
            raise _refusal(
                found,
                f"{unmarked:,} rows of {found.source.relation} were made up (their keys stand in "
                f"{each.relation}) and are not marked as such",
                f"carry is_synthetic through the SQL of {found.source.dbt_name} and add to train: "
                f"synthetic: is_synthetic in {spec.file}",
            )
        if marked:
            used.append((each, marked))
    if found.made_up is None:
        return
    _check_origin(conn, spec, found, sum(marked for _, marked in used))
    for each, _ in used:
        if each.copies:
            raise _refusal(found, f"{each.relation} {each.reason}", "mend the set")
    _check_strangers(conn, spec, found, parts, [each for each, _ in used])


def _met(conn: DuckDBPyConnection, found: TrainingSet) -> Iterator[tuple[Made, int, int]]:
    """Yield each set whose keys stand in the training set: in rows marked, and in others."""
    keys = [column.name for column in found.grain.key]
    mark = found.made_up.sql if found.made_up else "false"
    own = ", ".join(f"cast({quote(name)} as varchar)" for name in keys)
    for each in versions(conn):
        if not exists(conn, each.relation) or not set(keys) <= describe(conn, each.relation).keys():
            continue
        row = conn.execute(
            f"select count(*) filter (where {mark}), count(*) filter (where not {mark}) "
            f"from {found.source.relation.sql} "
            f"where ({own}) in (select ({own}) from {each.relation.sql})"
        ).fetchone()
        if row and (row[0] or row[1]):
            yield each, row[0], row[1]


def _check_origin(
    conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet, known: int
) -> None:
    mark = found.made_up.sql if found.made_up else "false"
    relation = found.source.relation
    row = conn.execute(f"select count(*) from {relation.sql} where {mark}").fetchone()
    unknown = (row[0] if row else 0) - known
    if unknown > 0:
        sets = [each.set for each in versions(conn)]
        raise _refusal(
            found,
            f"{unknown:,} rows of {relation} are marked as made up, but their keys are of no "
            f"synthetic set of this warehouse ({listed('', sets)}), so nobody knows whether they "
            "were made from the rows that judge",
            f"keep the key as landing.synthetic_… has it in the SQL of {found.source.dbt_name}",
        )


def _check_strangers(
    conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet, parts: Parts, used: list[Made]
) -> None:
    """Refuse rows held out from which rows were made that are learnt from."""
    grain = tuple(each.name for each in (*found.grain.key, found.grain.time) if each)
    for each in used:
        if each.key != grain:
            raise _refusal(
                found,
                f"{each.relation} was made from rows known by {_names(each.key)}, ML model "
                f"'{spec.name}' knows its rows by {_names(grain)}, so it cannot be told whether "
                "made-up rows know the rows that judge",
                f"give both the same train.key and train.time in {spec.file} and the set's YAML",
            )
    seen = _seen(conn, parts, used)
    if seen:
        raise _refusal(
            found,
            f"{seen:,} of {len(parts.held.labels):,} rows held out by ML model '{spec.name}' are "
            f"rows that {_names(each.set for each in used)} was made from; what learns from those "
            "would be judged on what it knows",
            f"give the set the train.split, key, time and seed of {spec.file}",
        )


def _seen(conn: DuckDBPyConnection, parts: Parts, used: list[Made]) -> int:
    if not used or parts.held.known is None:
        return 0
    conn.register(_HELD, pa.table({"row": parts.held.known}))
    try:
        marks = ", ".join("?" * len(used))
        row = conn.execute(
            f'select count(*) from {_HELD} where "row" in '
            f'(select "row" from {SEEN.sql} where "set" in ({marks}))',
            [each.set for each in used],
        ).fetchone()
    finally:
        conn.unregister(_HELD)
    return row[0] if row else 0


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _refusal(found: TrainingSet, problem: str, fix: str) -> PipelineError:
    return PipelineError(problem, fix=f"{fix}, then: {found.source.build}")
