"""Which columns of the training set are features, by the declaration and by what can be read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from duckdb import DuckDBPyConnection

from ml import estimators
from ml.columns import Column, Source
from ml.data.made_up import MARKS
from ml.data.transform import transforms
from ml.declaration.presets import Reads
from ml.errors import UsageError
from ml.images.description import Description
from ml.imported.importing import features_read
from ml.names import listed
from ml.spec import ModelSpec

# What is allowed, for errors.
READABLE: Mapping[Reads, str] = {
    "numbers": "numbers, booleans and text",
    "text": "text",
    "images": "photos (BLOB)",
    "values": "numbers, booleans and text",
}


def choose_features(
    conn: DuckDBPyConnection, source: Source, spec: ModelSpec
) -> tuple[Column, ...]:
    """Return the features: the columns that are left, in the table's order, then the transforms.

    A transform of a column's name stands in its place. Raises UsageError for a name that is not
    there, for an expression that is not allowed, and for a type nothing can be learnt of.
    """
    train = spec.train
    taken = {train.label, train.time, train.split.column, train.synthetic, *train.key, *train.known}
    # Beside the mark stand where a made-up row is from: no feature of anything.
    taken |= {*MARKS} if train.synthetic else set()
    able = [name for name in source.columns if name not in taken]
    _check_names(source, spec, able)
    chosen = train.features.include or able
    left = {
        name: source.columns[name]
        for name in able
        if name in chosen and name not in train.features.exclude
    }
    made = {column.name: column for column in transforms(conn, source, spec)}
    if spec.estimator.onnx is not None:
        features = _taken(source, {**left, **made}, spec)
    else:
        features = tuple(_as_read(column, spec) for column in {**left, **made}.values())
    _check_features(source, features, spec)
    return features


def _as_read(column: Column, spec: ModelSpec) -> Column:
    """Return ``column`` with how its photos are described, where the estimator reads photos."""
    if column.kind != "photo" or estimators.reads(spec) != "images":
        return column
    return replace(column, described=Description.of(spec.estimator.params))


def _taken(source: Source, able: Mapping[str, Column], spec: ModelSpec) -> tuple[Column, ...]:
    """Return those of the columns ``able`` that an imported model takes, in its order."""
    names = features_read(spec)
    for name in names:
        if name not in able:
            raise UsageError(
                f"estimator.onnx '{spec.estimator.onnx}' of ML model '{spec.name}' takes '{name}', "
                f"which is no feature of {source.relation}; it has: {listed(name, able)}",
                fix=f"say in estimator.inputs of {spec.file} which feature each input takes, "
                "then: dbt parse",
            )
    return tuple(able[name] for name in names)


def _check_names(source: Source, spec: ModelSpec, able: Sequence[str]) -> None:
    chosen = spec.train.features
    for key, names, allowed in (
        ("include", chosen.include, able),
        ("exclude", chosen.exclude, list(source.columns)),
    ):
        for name in names:
            if name not in allowed:
                told = "which is the label, the key, a time or says what is held out"
                why = told if name in source.columns else f"which is no column of {source.relation}"
                raise UsageError(
                    f"train.features.{key} names '{name}', {why}; allowed: {listed(name, allowed)}",
                    fix=f"fix train.features.{key} in {spec.file}, then: dbt parse",
                )


def _check_features(source: Source, features: tuple[Column, ...], spec: ModelSpec) -> None:
    if not features:
        raise UsageError(
            f"{source.relation} has no feature: its columns are only the label, the key and the "
            f"time of ML model '{spec.name}', and what train.features leaves out: "
            f"{', '.join(source.columns)}",
            fix=f"add features to the SQL of {source.dbt_name}, then: {source.build}",
        )
    reads = estimators.reads(spec)
    for column in features:
        remedy = unread(column, reads)
        if remedy:
            allowed = READABLE[reads]
            where = f"in the SQL of {source.dbt_name} or by train.features.exclude of {spec.file}, "
            where += f"then: {source.build}"
            made = f"in train.transform.{column.name} of {spec.file}, then: dbt parse"
            raise UsageError(
                f"feature '{column.name}' is {column.type} in {source.relation}; "
                f"{spec.estimator.name} reads {allowed}",
                fix=f"{remedy} {where if column.expression is None else made}",
            )


def unread(column: Column, reads: Reads) -> str | None:
    """Return what to do with a column that cannot be a feature, None for one that can."""
    if reads == "images":
        return None if column.kind == "photo" else "leave it out, or let another model read it,"
    if column.kind == "photo":
        return "leave it out, or let an image_classifier read it,"
    if reads == "text":
        return None if column.kind == "text" else "leave it out, or turn it into text,"
    if column.kind == "time":
        return "turn it into days since (datediff), leave it out, or make it train.time,"
    if column.base == "LIST":
        return "turn it into a number (len, list_avg), or leave it out,"
    if column.base in ("STRUCT", "MAP", "JSON", "UNION"):
        return "take its fields out into columns of their own, or leave it out,"
    return None if column.kind else "cast it to a number or text, or leave it out,"
