"""What must hold before a model learns from made-up rows: marked, no copies, judged by strangers.

A made-up row knows the rows it was made from. A model that learns from it would be judged on what
it knows if one of these were held out.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Source, describe
from ml.data.dataset import TrainingSet
from ml.data.holdout import Parts
from ml.data.made_up import MARKS, check_marked
from ml.declaration.tasks import LABELLED
from ml.errors import PipelineError
from ml.export.literals import text
from ml.names import listed
from ml.relation import quote
from ml.spec import ModelSpec
from ml.synthetic.keys import is_fresh
from ml.synthetic.sets import Made, versions
from ml.synthetic.tables import SEEN
from ml.tables import exists

_HELD = "rows_held_out"
_SET = MARKS[1]


def refuse_unmarked(conn: DuckDBPyConnection, source: Source, spec: ModelSpec) -> None:
    """Raise where rows that a model of any task learns from are made up and not marked.

    They are known by the column ``is_synthetic``, and by keys that stand in a set of the warehouse.
    Raises what :func:`ml.data.made_up.check_marked` raises, PipelineError for the keys.
    """
    check_marked(conn, source, spec)
    marked = quote(spec.train.synthetic) if spec.train.synthetic else "false"
    for each, theirs in _keys_met(conn, spec):
        unmarked = _count(conn, source, f"not {marked} and {theirs}")
        if not unmarked:
            continue
        fix = f"leave them out in the SQL of {source.dbt_name}"
        if spec.task in LABELLED:
            fix = f"carry is_synthetic and {_SET} through the SQL of {source.dbt_name} and add to "
            fix += f"train: synthetic: is_synthetic in {spec.file}"
        raise _refusal(
            source,
            f"{unmarked:,} rows of {source.relation} were made up (their keys stand in "
            f"{each.relation}) and are not marked as such; ML model '{spec.name}' would be judged "
            "by them",
            fix,
        )


def check_made_up(
    conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet, parts: Parts
) -> None:
    """Hold the rows of ``found`` that are marked against the synthetic sets of the warehouse.

    Raises PipelineError for rows that no set here has made, of which it cannot be told which has,
    that copy real people, or that were made from rows held out in ``parts``.
    """
    if found.made_up is None:
        return
    used = _used(conn, spec, found)
    for each in used:
        if each.copies:
            raise _refusal(found.source, f"{each.relation} {each.reason}", "mend the set")
    _check_strangers(conn, spec, found, parts, used)


def _used(conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet) -> list[Made]:
    """Return the sets that the rows marked are from; each row is of one, and of one alone."""
    assert found.made_up is not None
    source, marked = found.source, found.made_up.sql
    told = _SET in source.columns
    theirs = {
        each.set: f"({met} and cast({quote(_SET)} as varchar) = {text(each.set)})" if told else met
        for each, met in _keys_met(conn, spec)
    }
    rows = {name: _count(conn, source, f"{marked} and {met}") for name, met in theirs.items()}
    known = " or ".join(theirs.values()) or "false"
    unknown = _count(conn, source, f"{marked} and not ({known})")
    if unknown:
        raise _unknown(conn, found, unknown)
    both = sum(rows.values()) - _count(conn, source, marked)
    if both:
        names = [name for name, met in rows.items() if met]
        raise _refusal(
            source,
            f"{both:,} made-up rows of {source.relation} have keys that stand in more than one "
            f"synthetic set ({_names(names)}), so nobody knows whom they were made from",
            f"carry {_SET} through the SQL of {source.dbt_name}",
        )
    return [each for each in versions(conn) if rows.get(each.set)]


def _keys_met(conn: DuckDBPyConnection, spec: ModelSpec) -> Iterator[tuple[Made, str]]:
    """Yield each set with the SQL that is true where a row's key is one that was made for it.

    Only those columns tell whose values are fresh: a date of a made-up row is that of real ones.
    """
    for each in versions(conn):
        if not exists(conn, each.relation):
            continue
        columns = describe(conn, each.relation)
        fresh = [
            quote(name)
            for name in spec.train.key
            if name in each.key and name in columns and is_fresh(columns[name])
        ]
        if fresh:
            own = ", ".join(f"cast({name} as varchar)" for name in fresh)
            yield each, f"({own}) in (select ({own}) from {each.relation.sql})"


def _count(conn: DuckDBPyConnection, source: Source, where: str) -> int:
    row = conn.execute(f"select count(*) from {source.relation.sql} where {where}").fetchone()
    return int(row[0]) if row else 0


def _unknown(conn: DuckDBPyConnection, found: TrainingSet, rows: int) -> PipelineError:
    sets, source = [each.set for each in versions(conn)], found.source
    return _refusal(
        source,
        f"{rows:,} rows of {source.relation} are marked as made up, but their keys are of no "
        f"synthetic set of this warehouse ({listed('', sets)}), so nobody knows whether they "
        "were made from the rows that judge",
        f"keep the key and {_SET} as landing.synthetic_… has them in the SQL of {source.dbt_name}",
    )


def _check_strangers(
    conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet, parts: Parts, used: list[Made]
) -> None:
    """Refuse rows held out from which rows were made that are learnt from."""
    grain = tuple(each.name for each in (*found.grain.key, found.grain.time) if each)
    for each in used:
        if each.key != grain:
            raise _refusal(
                found.source,
                f"{each.relation} was made from rows known by {_names(each.key)}, ML model "
                f"'{spec.name}' knows its rows by {_names(grain)}, so it cannot be told whether "
                "made-up rows know the rows that judge",
                f"give both the same train.key and train.time in {spec.file} and the set's YAML",
            )
    seen = _seen(conn, parts, used)
    if seen:
        raise _refusal(
            found.source,
            f"{seen:,} of {len(parts.held.labels):,} rows held out by ML model '{spec.name}' are "
            f"rows that {_names(each.set for each in used)} was made from; what learns from those "
            "would be judged on what it knows",
            f"give the set train.split, key, time and seed of {spec.file}, and task: {spec.task}",
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


def _refusal(source: Source, problem: str, fix: str) -> PipelineError:
    return PipelineError(problem, fix=f"{fix}, then: {source.build}")
