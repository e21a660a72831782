"""The ML models of a project: what each learns from and reads, by declaration and registry."""

import json
from collections.abc import Mapping, Sequence

from duckdb import DuckDBPyConnection

from dataops.lineage.compiled import relation_of, selected_of
from dataops.lineage.places import Catalog, columns_of
from dataops.lineage.told import Learner
from dataops.manifest import Manifest, trains
from ml.spec import ModelSpec
from ml.tables import MODEL_VERSIONS, exists

Features = Mapping[str, Sequence[str]]


def learners(
    conn: DuckDBPyConnection, specs: Sequence[ModelSpec], manifest: Manifest, catalog: Catalog
) -> list[Learner]:
    """Return the ML models of ``specs`` whose tables ``manifest`` has."""
    champions, found = _champions(conn), []
    trained_by_sql = {node["name"]: node for node in manifest.raw["nodes"].values() if trains(node)}
    relations = {name: str(each).lower() for name, each in manifest.relations.items()}
    for spec in specs:
        node = trained_by_sql.get(spec.train.on)
        names = [spec.train.on, spec.score.on]
        if not all(name in relations for name in names):
            continue
        trained, scored = (relations[name] for name in names)
        view = relation_of(node) if node else None
        if node:
            trained = selected_of(node)
        number, features = champions.get(spec.name, (None, _declared(spec, trained, catalog)))
        found.append(Learner(spec, trained, None if view else scored, features, number, view))
    return found


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
    taken |= {train.synthetic, *train.features.exclude}
    there = train.features.include or columns_of(catalog, relation)
    lower = {each.lower() for each in taken if each}
    found: dict[str, Sequence[str]] = {each: [each] for each in there if each.lower() not in lower}
    return found | {each: _read(sql) for each, sql in train.transform.items()}


def _read(sql: str) -> list[str]:
    # What is loaded only where a model was never trained.
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError:
        return []
    return [each.name for each in tree.find_all(exp.Column)]
