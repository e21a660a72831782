"""What ML models tell, as cells: from the columns a version has learnt from to its predictions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dataops.lineage.places import (
    DECLARED,
    RECORD,
    ROWS,
    Catalog,
    Cell,
    Kind,
    Made,
    Parent,
    Place,
    columns_of,
    kept_as,
    model_place,
)  # fmt: skip
from ml.declaration.presets import reads_images
from ml.declaration.tasks import RULES
from ml.spec import ModelSpec
from ml.tables import FEATURE_COLUMNS, PREDICTIONS_SCHEMA

# What a prediction has from the version, or from the run that scored, and from no feature.
_OF_VERSION = frozenset({"model_version"})
_OF_RUN = frozenset({"model_name", "run_id", "scored_at"})


@dataclass(frozen=True)
class Learner:
    """An ML model: what it learns from and scores, and the columns that its features read.

    The features are those of the champion, ``version``; of a model that was never trained those
    declared. One that SQL trains is a ``view`` of its versions, and SQL alone asks it: it has
    neither ``scored_on`` nor predictions.
    """

    spec: ModelSpec
    trained_on: str
    scored_on: str | None
    features: Mapping[str, Sequence[str]]
    version: int | None
    view: str | None = None

    @property
    def place(self) -> Place:
        """The version that tells, as lineage names it."""
        return model_place(self.spec.name)

    @property
    def record(self) -> Place:
        """All that the registry keeps of the model, as lineage names it."""
        return model_place(self.spec.name, RECORD)

    @property
    def tells(self) -> str:
        """The relation it makes: of its predictions, or the view of its versions."""
        return self.view or f"{PREDICTIONS_SCHEMA}.{self.spec.name}".lower()


def told(learner: Learner, catalog: Catalog) -> dict[Place, Cell]:
    """Return the cells of a model and of the relation it makes, as ``catalog`` has it."""
    found = {learner.place: _learnt(learner), learner.record: _kept(learner, catalog)}
    found[model_place(learner.spec.name, DECLARED)] = Cell(Made.ROW)
    relation, column = learner.tells, _Column(learner)
    for name in columns_of(catalog, relation):
        cell = column.of_view(name) if learner.view else column.predicted(name)
        found[Place(relation, name)] = cell
    found[Place(relation, ROWS)] = Cell(Made.ROWS, decided=tuple(column.rows()))
    return found


def of_registry(learners: Sequence[Learner], relation: str, catalog: Catalog) -> dict[Place, Cell]:
    """Return the cells of a table of the registry, which has rows of every model."""

    def of_each(column: str, kind: Kind) -> tuple[Parent, ...]:
        return tuple(Parent(model_place(each.spec.name, column), "", kind) for each in learners)

    found = {
        Place(relation, name): Cell(Made.ROWS, of_each(kept_as(name), Kind.LEARNT))
        for name in columns_of(catalog, relation)
    }
    return {**found, Place(relation, ROWS): Cell(Made.ROWS, decided=of_each(RECORD, Kind.ROWS))}


class _Column:
    """What each column comes from of the relation that one model makes."""

    def __init__(self, learner: Learner) -> None:
        self._learner, score = learner, learner.spec.score
        self._version = Parent(learner.place, "", Kind.LEARNT)
        self._copied = {name.lower(): name.lower() for name in score.key}
        self._copied["as_of_date"] = score.time.lower()

    def of_view(self, name: str) -> Cell:
        """Return what a column of the view of versions is made of."""
        place = model_place(self._learner.spec.name, kept_as(name))
        return Cell(Made.ROWS, (Parent(place, "", Kind.LEARNT),))

    def predicted(self, name: str) -> Cell:
        """Return what a column of the predictions is made of."""
        if name in self._copied:
            return Cell(Made.SAME, self._scored([self._copied[name]], Kind.VALUE))
        if name in _OF_RUN:
            return Cell(Made.ROW)
        if name in _OF_VERSION:
            return Cell(Made.ROW, (self._version,))
        read = [each for columns in self._learner.features.values() for each in columns]
        if not self._by_features:
            # Which user or which series it is says what is told of it.
            read += self._copied.values()
        elif name in FEATURE_COLUMNS:
            # Of several earlier models the row's time says which tells.
            read.append(self._copied["as_of_date"])
        return Cell(Made.ROW, (self._version, *self._scored(read, Kind.SCORED)))

    def rows(self) -> Iterator[Parent]:
        """Yield what decides which rows the relation has: a row is told for each that is scored."""
        if self._learner.scored_on:
            yield Parent(Place(self._learner.scored_on, ROWS), "", Kind.ROWS)
        if self._learner.view or not self._by_features:
            yield Parent(self._learner.place, "", Kind.ROWS)
        elif reads_images(self._learner.spec.estimator):
            # Of a photo that cannot be read nothing is told.
            read = (each for columns in self._learner.features.values() for each in columns)
            yield from self._scored(read, Kind.FILTER)

    @property
    def _by_features(self) -> bool:
        return RULES[self._learner.spec.task].features

    def _scored(self, names: Iterable[str], kind: Kind) -> tuple[Parent, ...]:
        return tuple(_parents(self._learner.scored_on or "", names, kind))


def _learnt(learner: Learner) -> Cell:
    """Return what the version is made of: features, label, and what orders and parts the rows."""
    train = learner.spec.train
    named = [read for each in learner.features.values() for read in each]
    named += [
        name
        for name in (
            train.label, train.time, train.item, train.rating, train.synthetic, train.split.column,
            *train.key, *train.split.group,
        )
        if name
    ]  # fmt: skip
    rows = Parent(Place(learner.trained_on, ROWS), "", Kind.ROWS)
    parents = tuple(_parents(learner.trained_on, named, Kind.LEARNT))
    return Cell(Made.ROWS, parents, decided=(rows,))


def _kept(learner: Learner, catalog: Catalog) -> Cell:
    """Return what the record is made of: the version, and every column that is learnt or scored.

    The registry has hashes, profiles and leak checks of columns that are no features.
    """
    parents = [Parent(learner.place, "", Kind.LEARNT)]
    parents += _parents(learner.trained_on, columns_of(catalog, learner.trained_on), Kind.LEARNT)
    read = [learner.trained_on]
    if learner.scored_on:
        names = columns_of(catalog, learner.scored_on)
        parents += _parents(learner.scored_on, names, Kind.SCORED)
        read.append(learner.scored_on)
    rows = tuple(Parent(Place(each, ROWS), "", Kind.ROWS) for each in dict.fromkeys(read))
    return Cell(Made.ROWS, tuple(parents), decided=rows)


def _parents(relation: str, names: Iterable[str], kind: Kind) -> Iterator[Parent]:
    for name in dict.fromkeys(each.lower() for each in names):
        yield Parent(Place(relation, name), relation, kind)
