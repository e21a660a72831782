"""Made-up rows from a declaration and a warehouse: the table, its account and its report."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from ml.columns import Source, describe, find
from ml.data.checks import content_hash, utc
from ml.data.split import split_at_random
from ml.estimators.cores import threads
from ml.evaluation.metrics import Array
from ml.relation import Relation
from ml.synthetic import sets
from ml.synthetic.declaration import SyntheticSet
from ml.synthetic.fidelity import fidelity
from ml.synthetic.privacy import Privacy, privacy
from ml.synthetic.report import Line, report
from ml.synthetic.sets import Made
from ml.synthetic.table import Real, read_real
from ml.synthetic.tables import create_tables
from ml.synthetic.trees import Drawn, draw
from ml.synthetic.usefulness import usefulness
from ml.synthetic.writing import write
from ml.transaction import transaction
from ml.versions import artifact
from ml.versions.provenance import Provenance

# Raised by one whenever the same rows and declaration would give other rows than before.
ENGINE = 3
_STRANGERS = 0.2
Tell = Callable[[str], None]
Draw = Callable[[Array, list[bool], int, int, int], Drawn]


@dataclass(frozen=True)
class _Judged:
    """What came of drawing: the rows [rows, shapes], their report and what it says of copies."""

    rows: Array
    drawn: Drawn
    lines: list[Line]
    privacy: Privacy


def synthesise(
    conn: DuckDBPyConnection,
    asked: SyntheticSet,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    *,
    now: datetime,
    tell: Tell = lambda _: None,
    generator: Draw = draw,
) -> Made:
    """Make the rows that ``asked`` declares and write them, their account and their report.

    All is kept in one transaction or nothing is. Where rows, declaration, seed and libraries are
    what they were, what is there stands, with ``reused`` set. ``generator`` draws the rows.

    A set that copies real people is kept with ``copies`` set; no model learns from it.
    Raises UsageError for a declaration that does not fit, PipelineError for rows that cannot be
    imitated.
    """
    with transaction(conn):
        create_tables(conn)
        source = find(conn, relations, asked.declared.train.on, "train.on", asked.file)
        fingerprint = _fingerprint(conn, asked, source)
        last = sets.last(conn, asked.name)
        if last is not None and _stands(conn, asked, last, fingerprint):
            return last.again()
        tell(f"reading {source.relation}")
        real = read_real(conn, asked, relations, now)
        judged = _judged(real, asked, tell, generator)
        version = last.version + 1 if last else 1
        write(conn, asked.relation, real, judged.rows, asked.name, version)
        made = _kept(conn, asked, real, judged, version)
        known_by = {"fingerprint": fingerprint, **provenance.kept, "created_at": utc(now)}
        sets.keep(conn, made, known_by, judged.lines, real)
        return made


def _judged(real: Real, asked: SyntheticSet, tell: Tell, generator: Draw) -> _Judged:
    declared, at = asked.declared, real.made
    nominal = [real.shapes[each].nominal for each in at]
    held = real.held[:, at]
    learnt, strangers = _parted(real, at, declared.seed)
    wanted = declared.rows or len(learnt)
    tell(f"making {wanted:,} rows")
    # Several threads add up in another order, and a hair's breadth tells one leaf from another.
    with threads(0):
        drawn = generator(learnt, nominal, wanted, declared.leaf, declared.seed)
    rows = np.full((wanted, len(real.shapes)), np.nan)
    rows[:, at] = drawn.rows
    tell("comparing them with the real ones")
    names = [real.shapes[each].name for each in at]
    apart = fidelity(names, nominal, learnt, held, drawn.rows)
    found = privacy(learnt, strangers, drawn.rows, nominal, declared.seed)
    tell("learning from them")
    lines = report(apart, usefulness(real, rows), found, len(held))
    return _Judged(rows, drawn, lines, found)


def _parted(real: Real, at: list[int], seed: int) -> tuple[Array, Array]:
    """Return the rows that are imitated, and strangers: rows like them that are not.

    Rows held out at random are strangers. Those held out by time or by a column may lie elsewhere,
    and farther off by that alone; then a fifth of the rows learnt from is not imitated.
    """
    learnt = real.learnt[:, at]
    if real.spec.train.split.by == "random":
        return learnt, real.held[:, at]
    own, strangers = split_at_random(len(learnt), _STRANGERS, seed, None)
    return learnt[own], learnt[strangers]


def _kept(
    conn: DuckDBPyConnection, asked: SyntheticSet, real: Real, judged: _Judged, version: int
) -> Made:
    columns = describe(conn, asked.relation)
    target = Source(asked.name, asked.relation, columns)
    values = [column for name, column in columns.items() if name != "synthetic_version"]
    grain = real.found.grain
    return Made(
        set=asked.name,
        version=version,
        relation=asked.relation,
        train_relation=str(real.found.source.relation),
        key=tuple(each.name for each in (*grain.key, grain.time) if each),
        rows=len(judged.rows),
        learnt_rows=judged.drawn.learnt,
        held_rows=len(real.held),
        leaf=judged.drawn.leaf,
        seed=asked.declared.seed,
        columns=tuple(real.shapes[at].name for at in real.made),
        left_out={each.name: each.left_out for each in real.shapes if each.left_out}
        | _not_read(real),
        rare=judged.drawn.rare,
        reason=_reason(judged.privacy),
        content=content_hash(conn, target, values),
    )


def _not_read(real: Real) -> dict[str, str]:
    """Return the columns of the training set that are neither made nor key, each with why."""
    known = {each.name for each in real.shapes} | {each.name for each in real.found.grain.key}
    known.add(real.spec.train.split.column or "")
    return {
        name: "train.features leaves it out"
        for name in real.found.source.columns
        if name not in known
    }


def _reason(found: Privacy) -> str | None:
    """Return what says that real people are copied, None where nothing does."""
    if not found.copied:
        return None
    told = ", ".join(each.told for each in found.copied)
    return f"copies real people: {told}; allowed: no more than strangers are like them by chance"


def _stands(conn: DuckDBPyConnection, asked: SyntheticSet, last: Made, fingerprint: str) -> bool:
    """Whether the same was made before and its rows are still those that were made."""
    return (
        last.relation == asked.relation
        and sets.fingerprint_of(conn, last) == fingerprint
        and sets.intact(conn, last)
    )


def _fingerprint(conn: DuckDBPyConnection, asked: SyntheticSet, source: Source) -> str:
    columns = list(source.columns.values())
    decisive: dict[str, Any] = {
        "engine": ENGINE,
        "declared": asked.declared.model_dump(mode="json"),
        "columns": [(column.name, column.type) for column in columns],
        "content": content_hash(conn, source, columns),
        "libraries": artifact.library_versions(),
    }
    return artifact.sha256(json.dumps(decisive, sort_keys=True).encode())
