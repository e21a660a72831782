"""Why a score is what it is: the newest prediction of a key beside the one before."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from duckdb import DuckDBPyConnection

from ml.declaration.tasks import require_label
from ml.errors import PipelineError
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.why.answer import Parts, Why
from ml.why.changes import changed_code, changed_inputs
from ml.why.effects import Explained, class_told, comparable, explained, explainer_of, moved
from ml.why.told import Key, Told, check_key, find_told

# What the newest prediction is compared with first.
Against = Literal["date", "run"]


def why(
    now: DuckDBPyConnection,
    before: DuckDBPyConnection | None,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    key: Key,
    *,
    on: date | None = None,
    against: Against = "date",
    inputs: Mapping[str, Relation] | None = None,
) -> Why:
    """Return what made the newest prediction of ``key`` (or that ``on`` a date), and what moved it.

    ``before`` is the warehouse of an earlier release; a prediction of an earlier date that stands
    in ``now`` comes first, unless ``against`` is `run`: then that of the same date, or else the
    newest, in ``before``. ``inputs`` are the tables from which the scored table is made, by
    their dbt ids: when its code changed they tell whether the data did as well. Raises UsageError
    for a key that is not the declaration's, PipelineError where nothing was told of it.
    """
    require_label(spec, "goldloop models why")
    check_key(spec, key)
    relation = relations[spec.score.on]
    newest = find_told(now, spec, relation, key, on=on)
    if newest is None or newest.row is None:
        raise _nothing(spec, key, newest)
    earlier = None if against == "run" else _earlier_date(spec, relation, key, newest)
    if earlier is None and before is not None:
        earlier = _earlier_run(before, spec, relation, key, newest)
    return _answer(newest, earlier, inputs or {})


def _earlier_date(spec: ModelSpec, relation: Relation, key: Key, newest: Told) -> Told | None:
    found = find_told(
        newest.conn, spec, relation, key, before=newest.as_of_date, not_by=newest.run_id
    )
    return found if found is not None and found.row is not None else None


def _earlier_run(
    before: DuckDBPyConnection, spec: ModelSpec, relation: Relation, key: Key, newest: Told
) -> Told | None:
    """Return what another run told in ``before``, of the same date if it did."""
    for on in (newest.as_of_date, None):
        found = find_told(before, spec, relation, key, on=on, not_by=newest.run_id)
        if found and found.row is not None and found.run_id != newest.run_id:
            return found
    return None


def _nothing(spec: ModelSpec, key: Key, found: Told | None) -> PipelineError:
    named = ", ".join(f"{name} {value}" for name, value in key.items())
    if found is None:
        return PipelineError(
            f"ML model '{spec.name}' has told nothing of {named}",
            fix=f"look into predictions.{spec.name}, or score: goldloop score {spec.name}",
        )
    return PipelineError(
        f"{found.source.relation} no longer has the row of {named} on {found.as_of_date}, "
        "so what made its score cannot be told",
        fix=f"score what is there: goldloop score {spec.name}",
    )


def _answer(newest: Told, earlier: Told | None, inputs: Mapping[str, Relation]) -> Why:
    model = newest.model()
    features = model.encoder.features
    rows = newest.inputs(features)
    explainer, class_ = explainer_of(model), class_told(model, rows)
    made = explained(model, explainer, rows, class_)
    space = explainer.space if explainer else None
    if earlier is None:
        each = moved(features, made, None, rows, None)
        return Why(newest, None, class_, space, made.base, each, None, None)
    old_rows = earlier.inputs(features)
    old = explained(model, explainer, old_rows, class_)
    old_model = earlier.model()
    own = explained(
        old_model, explainer_of(old_model), earlier.inputs(old_model.encoder.features), class_
    )
    code = changed_code(newest, earlier)
    return Why(
        newest,
        earlier,
        class_,
        space,
        made.base,
        moved(features, made, old, rows, old_rows),
        _parts(own.score, old.score, made.score),
        _margins(own, old, made) if comparable(explainer, old_model) else None,
        changed_code=code,
        changed_inputs=changed_inputs(newest, earlier, inputs) if code else None,
        lacking=[each.name for each in features if not earlier.has(each)],
    )


def _parts(own: float, old: float, made: float) -> Parts:
    return Parts(own, old - own, made - old, made)


def _margins(own: Explained, old: Explained, made: Explained) -> Parts | None:
    if own.margin is None or old.margin is None or made.margin is None:
        return None
    return _parts(own.margin, old.margin, made.margin)
