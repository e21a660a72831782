"""What ML models tell, as cells: from the columns a version has learnt from to its predictions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from duckdb import DuckDBPyConnection
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dataops.lineage.places import ROWS, Cell, Kind, Made, Parent, Place
from dataops.lineage.statement import Catalog
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import MODEL_VERSIONS, PREDICTIONS_SCHEMA, exists

ML = "ml"
# The column that stands for the version which scores.
VERSION = "version"
# What a prediction has from the version, or from the run that scored, and from no feature.
_OF_VERSION = frozenset({"model_version", "learnt_until"})
_OF_RUN = frozenset({"model_name", "run_id", "scored_at"})


@dataclass(frozen=True)
class Learner:
    """An ML model: what it learns from and scores, and the columns that its features read.

    The features are those of the champion, ``version``; of a model that was never trained those
    declared.
    """

    spec: ModelSpec
    trained_on: str
    scored_on: str
    features: Mapping[str, Sequence[str]]
    version: int | None

    @property
    def place(self) -> Place:
        """The version that scores, as lineage names it."""
        return Place(f"{ML}.{self.spec.name}".lower(), VERSION)

    @property
    def predictions(self) -> str:
        """The relation of its predictions."""
        return f"{PREDICTIONS_SCHEMA}.{self.spec.name}".lower()


def learners(
    conn: DuckDBPyConnection,
    specs: Sequence[ModelSpec],
    relations: Mapping[str, Relation],
    catalog: Catalog,
) -> list[Learner]:
    """Return the ML models of ``specs`` whose tables ``relations`` has."""
    champions = _champions(conn)
    found = []
    for spec in specs:
        names = (spec.train.on, spec.score.on)
        if all(name in relations for name in names):
            trained, scored = (str(relations[name]).lower() for name in names)
            number, features = champions.get(spec.name, (None, _declared(spec, trained, catalog)))
            found.append(Learner(spec, trained, scored, features, number))
    return found


def told(learner: Learner, columns: Sequence[str]) -> dict[Place, Cell]:
    """Return the cells of a model and of its predictions, a table of ``columns``."""
    score, relation = learner.spec.score, learner.predictions
    version = Parent(learner.place, ML, Kind.LEARNT)
    features = _parents(
        learner.scored_on, (read for each in learner.features.values() for read in each),
        Kind.SCORED,
    )  # fmt: skip
    copied = {name.lower(): name.lower() for name in score.key}
    copied["as_of_date"] = score.time.lower()
    found = {learner.place: _learnt(learner)}
    for name in columns:
        if name in copied:
            cell = Cell(Made.SAME, _parents(learner.scored_on, [copied[name]], Kind.VALUE))
        elif name in _OF_RUN:
            cell = Cell(Made.ROW)
        else:
            cell = Cell(Made.ROW, (version,) if name in _OF_VERSION else (version, *features))
        found[Place(relation, name)] = cell
    rows = Parent(Place(learner.scored_on, ROWS), "", Kind.ROWS)
    decided = (rows, Parent(learner.place, ML, Kind.ROWS))
    found[Place(relation, ROWS)] = Cell(Made.ROWS, decided=decided)
    return found


def _learnt(learner: Learner) -> Cell:
    """Return what the version is made of: features, label, and what orders and parts the rows."""
    train = learner.spec.train
    named = [read for each in learner.features.values() for read in each]
    named += [
        name
        for name in (train.label, train.time, train.split.column, *train.key, *train.split.group)
        if name
    ]
    rows = Parent(Place(learner.trained_on, ROWS), "", Kind.ROWS)
    return Cell(Made.ROWS, _parents(learner.trained_on, named, Kind.LEARNT), decided=(rows,))


def _parents(
    relation: str, names: "Iterator[str] | Sequence[str]", kind: Kind
) -> tuple[Parent, ...]:
    return tuple(
        Parent(Place(relation, name), relation, kind)
        for name in dict.fromkeys(each.lower() for each in names)
    )


def _champions(conn: DuckDBPyConnection) -> dict[str, tuple[int, dict[str, list[str]]]]:
    """Return the version that scores of each model, and the columns each feature of it reads."""
    if not exists(conn, MODEL_VERSIONS):
        return {}
    rows = conn.execute(
        f"select model, version, features from {MODEL_VERSIONS.sql} where status = 'champion'"
    ).fetchall()
    return {
        model: (version, {
            each["name"]: [name for name, _ in each.get("reads") or ()] or [each["name"]]
            for each in json.loads(features)
        })
        for model, version, features in rows
    }  # fmt: skip


def _declared(spec: ModelSpec, relation: str, catalog: Catalog) -> dict[str, Sequence[str]]:
    """Return what the declaration makes features of, in a table that the warehouse may have."""
    train = spec.train
    taken = {train.label, train.time, train.split.column, *train.key, *train.known}
    taken |= set(train.features.exclude)
    schema, _, name = relation.partition(".")
    there = train.features.include or catalog.get(schema, {}).get(name, {})
    lower = {each.lower() for each in taken if each}
    found: dict[str, Sequence[str]] = {each: [each] for each in there if each.lower() not in lower}
    return found | {each: _read(sql) for each, sql in train.transform.items()}


def _read(sql: str) -> list[str]:
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError:
        return []
    return [each.name for each in tree.find_all(exp.Column)]
