"""The synthetic sets a project declares, and where their rows may not go."""

from collections.abc import Iterable, Iterator, Sequence

from duckdb import DuckDBPyConnection

from dataops.manifest import Manifest
from ml.columns import describe
from ml.data.made_up import MARK
from ml.declaration.tasks import LABELLED
from ml.errors import UsageError
from ml.names import listed
from ml.spec import ModelSpec
from ml.synthetic.declaration import SyntheticSet, parse_synthetic
from ml.tables import exists


def op_of(name: str) -> str:
    """Return the name of the step that makes the set ``name``."""
    return f"synthetic__{name}"


def declared_sets(manifest: Manifest) -> list[SyntheticSet]:
    """Parse every source that says it is made up; what it imitates must be in the project.

    Raises UsageError for one declared wrongly.
    """
    return [each for _, each in _sets(manifest)]


def _sets(manifest: Manifest) -> Iterator[tuple[str, SyntheticSet]]:
    """Yield each set with dbt's id of its source."""
    for unique_id, node in manifest.raw["sources"].items():
        asked = parse_synthetic(node)
        if asked is None:
            continue
        name = asked.declared.train.on
        if name not in manifest.relations:
            raise UsageError(
                f"synthetic set '{asked.name}': train.on is '{name}', which is no model of the "
                f"project; it has: {listed(name, manifest.relations)}",
                fix=f"fix {asked.file}, then: dbt parse",
            )
        yield unique_id, asked


def check_use(manifest: Manifest, specs: Iterable[ModelSpec]) -> None:
    """Hold ML models to what made-up rows are for: they are learnt from, marked, and not scored.

    Raises UsageError naming the model, the table and the set.
    """
    sets = {unique_id: asked.name for unique_id, asked in _sets(manifest)}
    for spec in specs:
        learnt = sorted(sets[each] for each in manifest.above(spec.train.on) & sets.keys())
        if learnt and spec.train.synthetic is None:
            raise _unmarked(spec, learnt)
        if spec.score is None:
            continue
        scored = sorted(sets[each] for each in manifest.above(spec.score.on) & sets.keys())
        if scored:
            raise _refusal(
                spec,
                f"score.on '{spec.score.on}' is made from made-up rows ({', '.join(scored)}); "
                "predictions are of real rows alone",
                f"let score.on of {spec.file} name a model that reads no made-up rows",
            )


def unmarked_tables(
    manifest: Manifest, connection: DuckDBPyConnection, specs: Iterable[ModelSpec]
) -> list[str]:
    """Return why each table that is made from made-up rows and does not say so is refused.

    A table says so by the column ``is_synthetic``, or another that an ML model of ``specs`` names.
    """
    sets = {unique_id: asked.name for unique_id, asked in _sets(manifest)}
    if not sets:
        return []
    marks = {MARK, *(spec.train.synthetic for spec in specs if spec.train.synthetic)}
    found = []
    for name, relation in manifest.relations.items():
        made = sorted(sets[each] for each in manifest.above(name) & sets.keys())
        if (
            made
            and exists(connection, relation)
            and not marks & describe(connection, relation).keys()
        ):
            found.append(
                f"{relation} is made from made-up rows ({', '.join(made)}) and has no column "
                f"'{MARK}'; carry it through the SQL of {name}, or leave such rows out there and "
                f"select false as {MARK}"
            )
    return found


def named_sets(manifest: Manifest, names: Sequence[str]) -> list[SyntheticSet]:
    """Return the sets ``names``, or all; UsageError for a name that is none, or where none is."""
    sets = {each.name: each for each in declared_sets(manifest)}
    if not sets:
        raise UsageError(
            "the project declares no synthetic set",
            fix="give a source config: {meta: {synthetic: {train: …}}}; see docs/synthetic.md",
        )
    for name in names:
        if name not in sets:
            raise UsageError(
                f"'{name}' is no synthetic set; the project has: {listed(name, sets)}",
                fix="type one of them: goldloop synthetic NAME",
            )
    return [sets[name] for name in names or sets]


def _unmarked(spec: ModelSpec, sets: Sequence[str]) -> UsageError:
    made = f"train.on '{spec.train.on}' is made from made-up rows ({', '.join(sets)})"
    if spec.task not in LABELLED:
        return _refusal(
            spec,
            f"{made}; a {spec.task} is learnt from real rows alone",
            f"let train.on of {spec.file} name a model that reads no made-up rows",
        )
    return _refusal(
        spec,
        f"{made}, and train.synthetic does not name the column that marks them",
        f"carry is_synthetic and synthetic_set through the SQL and add to train: synthetic: "
        f"is_synthetic in {spec.file}",
    )


def _refusal(spec: ModelSpec, problem: str, fix: str) -> UsageError:
    return UsageError(f"ML model '{spec.name}': {problem}", fix=f"{fix}, then: dbt parse")
