"""The leak guard's share of lineage: what a training set's features are made of, before training.

The other guards look at rows, in ml/leaks; what they refuse is told here with the way it came.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

from dataops.features.uses import training_sets
from dataops.features.views import View, feature_views
from dataops.lineage.by_hand import late_columns
from dataops.lineage.catalog import read_catalog
from dataops.lineage.compiled import compiled_models, relation_of
from dataops.lineage.graph import Lineage, told
from dataops.lineage.heard import heard
from dataops.lineage.kept import Kept
from dataops.lineage.leaks import Leak, Leaks, find_leaks
from dataops.lineage.places import ML, Made, Place
from dataops.manifest import Manifest
from ml.columns import Column, Source, find
from ml.declaration.tasks import RULES
from ml.errors import UsageError
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA, SHADOW_SCHEMA
from ml.versions.provenance import Provenance
from orchestration.assets.feedback import require_lags

if TYPE_CHECKING:
    from ml.versions.registry import ModelVersion

MOST_TOLD = 5
# The features that read a column of the training set, by its name in lower case.
Reads = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Origins:
    """Where the columns of a training set come from.

    ``known`` names its columns that are the known time of a feature view, ``leaks`` is what lineage
    says of its features, and ``heard`` which of them are a version's own word, by which way.
    """

    relation: str
    lineage: Lineage
    leaks: Leaks
    known: Mapping[str, str]
    heard: Mapping[str, str]

    @property
    def warnings(self) -> list[str]:
        """What a person should know of the lineage, though nothing is refused for it."""
        found = []
        if self.leaks.unresolved:
            why = next(iter(self.leaks.unresolved.values()))
            found.append(
                f"lineage does not say whether these features are made of the label: "
                f"{_some(self.leaks.unresolved)} ({why})"
            )
        if self.heard:
            found.append(
                "told by versions that may have learnt from these very rows and tell them "
                f"better than others: {_some(self.heard)} ({next(iter(self.heard.values()))}); "
                "read feature_score or feature_prediction, which score.as_feature adds "
                "(docs/features.md), or say in train.leak_guard.allow why it is right"
            )
        if self.leaks.beside:
            tables = sorted({each for one in self.leaks.beside.values() for each in one})
            found.append(
                f"read from {', '.join(tables)}, as the label is, unlike the others; is that known "
                f"in time? {_some(self.leaks.beside)}"
            )
        if self.leaks.shared:
            found.append(
                "made of columns of sources that the label is made of, too, which is right if they "
                f"are cut in time: {_some(self.leaks.shared)}"
            )
        found += [f"made of the label, but cut by its known time: {each.way}"
                  for each in self.leaks.cut]  # fmt: skip
        return found

    @contextmanager
    def told(self) -> Iterator[None]:
        """Add to what is refused for its rows the way its columns came."""
        from ml.leaks.guard import Leak as LeakOfRows

        try:
            yield
        except LeakOfRows as error:
            ways = [text for name in error.columns if (text := self._way(name))]
            came = f"; it comes by: {'; '.join(ways)}" if ways else ""
            raise LeakOfRows(error.problem + came, fix=error.fix, columns=error.columns) from error

    def _way(self, column: str) -> str | None:
        """Return what the training set's SQL reads to make ``column``; of one, what that is."""
        start = Place(self.relation, column.lower())
        reads = self.lineage.reads(start)
        if len(reads) == 1:
            return told((start, *self.lineage.same(reads[0])))
        return f"{start} ← {', '.join(map(str, reads))}" if reads else None


def train_checked(
    connection: DuckDBPyConnection,
    spec: ModelSpec,
    manifest: Manifest,
    targets: Sequence[Path],
    provenance: Provenance,
    tell: Callable[[str], None] = lambda _: None,
) -> "tuple[ModelVersion, list[str]]":
    """Train ``spec`` once its origins are checked; return its version and what to know of them.

    Raises what :func:`check_origins` and :func:`ml.train.train` raise.
    """
    from ml.train import train

    origins = check_origins(manifest, targets, connection, spec)
    with origins.told():
        version = train(
            connection, spec, manifest.relations, provenance, now=datetime.now(UTC), tell=tell,
            known=origins.known,
        )  # fmt: skip
    return version, origins.warnings


def check_origins(
    manifest: Manifest, targets: Sequence[Path], connection: DuckDBPyConnection, spec: ModelSpec
) -> Origins:
    """Return where the features of ``spec`` come from; none may be made of its label.

    ``targets`` are the folders in which dbt leaves compiled SQL. Raises UsageError naming each
    feature made of the label, with the way, unless train.leak_guard.allow names it; and naming what
    reads the model's own predictions by a lag that is not kept.
    """
    # scikit-learn takes seconds to load: what only reads declarations needs none of it.
    from ml.data.feature_choice import choose_features

    source = find(connection, manifest.relations, spec.train.on, "train.on", spec.file)
    relation = str(source.relation).lower()
    compiled, catalog = compiled_models(manifest, targets), read_catalog(connection)
    lineage = Lineage(compiled, catalog, kept=Kept.beside(targets))
    lagged = require_lags(manifest, targets, catalog, spec.name)
    has_features = RULES[spec.task].features
    read = _read(spec, choose_features(connection, source, spec) if has_features else ())
    leaks = _of_label(manifest, spec, lineage, relation, read, lagged)
    if leaks.found:
        raise _refusal(spec, source, leaks.found, read)
    views = feature_views(manifest)
    if spec.train.time is not None and read:
        _check_by_hand(connection, spec, lineage, source, read, views)
    known = _known(views, lineage, source)
    told_by = heard(lineage, relation, read) if spec.train.label else {}
    return Origins(relation, lineage, leaks, known, told_by)


def _of_label(
    manifest: Manifest,
    spec: ModelSpec,
    lineage: Lineage,
    relation: str,
    read: Reads,
    lagged: Collection[str],
) -> Leaks:
    """Return what lineage says of the features beside the label; nothing where there is none."""
    if spec.train.label is None:
        return Leaks((), (), {}, {}, {})
    return find_leaks(
        lineage, relation, spec.train.label.lower(), read,
        views=_views(manifest),
        predictions=[f"{schema}.{spec.name}".lower()
                     for schema in (PREDICTIONS_SCHEMA, SHADOW_SCHEMA, ML)],
        lagged=lagged,
    )  # fmt: skip


def _read(spec: ModelSpec, features: Sequence[Column]) -> Reads:
    """Return the features that read each column, but for those allowed; a constant reads none."""
    found: dict[str, list[str]] = {}
    for feature in features:
        if feature.name not in spec.train.leak_guard.allow:
            own = [] if feature.expression else [feature.name]
            for name in own or [name for name, _ in feature.reads]:
                found.setdefault(name.lower(), []).append(feature.name)
    return found


def relations_read(manifest: Manifest, spec: ModelSpec) -> set[Relation]:
    """Return what training and scoring ``spec`` read, and the views that its guard looks up."""
    names = [name for name in (spec.train.on, spec.score.on) if name in manifest.relations]
    views = {view.relation for view in feature_views(manifest).values()}
    return views | {manifest.relations[name] for name in names}


def _views(manifest: Manifest) -> dict[str, set[str]]:
    """Return by relation the feature views that the macros join to it right in time."""
    found: dict[str, set[str]] = {}
    for each in training_sets(manifest):
        views = (manifest.relations.get(asked["view"]) for asked in each.features)
        joined = found.setdefault(relation_of(each.node), set())
        joined |= {str(view).lower() for view in views if view is not None}
    return found


def _check_by_hand(
    connection: DuckDBPyConnection,
    spec: ModelSpec,
    lineage: Lineage,
    source: Source,
    read: Reads,
    views: Mapping[str, View],
) -> None:
    """Refuse values that a view, joined by hand, learnt only after the row's time."""
    from ml.leaks.guard import Leak as LeakOfRows

    time = source.time(str(spec.train.time), "train.time", spec.file)
    columns = [name for name in source.columns if name.lower() in read]
    late = late_columns(connection, lineage, source, time, columns, [*views.values()])
    if late:
        lines = [
            f"feature '{name}' ({each.way}) in {each.rows:,} rows, first known {each.example}"
            for each in late
            for name in read[each.column.lower()]
        ]
        what = lines[0] if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        raise LeakOfRows(
            f"{source.relation} has values that its feature view learnt after "
            f"'{time.name}': {what}; allowed: values known by '{time.name}'",
            fix=f"join the view by training_set in the SQL of {source.dbt_name} "
            f"(docs/features.md), or allow it in train.leak_guard.allow of {spec.file}, then: "
            f"{source.build}",
        )


def _known(views: Mapping[str, View], lineage: Lineage, source: Source) -> dict[str, str]:
    """Return the columns of ``source`` that are the known time of a feature view."""
    times = {
        Place(str(view.relation).lower(), view.declared.known_time.lower()): view.name
        for view in views.values()
    }
    found = {}
    for name in source.columns:
        start = Place(str(source.relation).lower(), name.lower())
        # One whose nulls are filled may say a time that is not meant, such as the year 9999.
        for place in lineage.same(start, {Made.SAME})[1:]:
            if place in times:
                found[name] = f"the known time of {times[place]}"
    return found


def _refusal(spec: ModelSpec, source: Source, leaks: Sequence[Leak], read: Reads) -> UsageError:
    met = [(name, each) for each in leaks for name in read[each.column]]
    names = [*dict.fromkeys(name for name, _ in met)]
    lines = [f"feature '{name}': {each.why}: {each.way}" for name, each in met]
    told = lines[0] if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
    return UsageError(
        f"{spec.file}: features of ML model '{spec.name}' know its label "
        f"'{spec.train.label}': {told}; allowed: what does not come from the label",
        fix=f"take it out of the SQL of {source.dbt_name}, or leave it out "
        f"(train.features.exclude: [{', '.join(names)}]), or if it is known in time allow it "
        f"(train.leak_guard.allow: {{{names[0]}: why}}) in {spec.file}, then: dbt parse",
    )


def _some(names: Mapping[str, object]) -> str:
    shown = [*names][:MOST_TOLD]
    more = f", … ({len(names) - MOST_TOLD} more)" if len(names) > MOST_TOLD else ""
    return ", ".join(shown) + more
