"""Which columns of a training set are made of its label, and by which way."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dataops.lineage.cuts import is_macros
from dataops.lineage.graph import Lineage, Way, told
from dataops.lineage.places import Made, Parent, Place

# More columns of one row than this are not compared with the label's.
_MOST_ATOMS = 10_000
Atom = tuple[tuple[str, ...], Place]


@dataclass(frozen=True)
class Leak:
    """A column that knows the label: why, and the way it is made of it."""

    column: str
    why: str
    way: str


@dataclass(frozen=True)
class Leaks:
    """What lineage says of the columns of one training set.

    ``found`` are leaks. ``cut`` are columns made of the label's column that come through a feature
    view cut by its known time. ``shared`` has, by column, the columns of sources that it and the
    label are both made of; that alone is no leak. ``beside`` has, by column, the tables that the
    training set's own SQL reads for it and for the label, where other columns come from elsewhere:
    what is known only with the label often stands beside it. ``unresolved`` says, by column, what
    of its lineage is not known.
    """

    found: tuple[Leak, ...]
    cut: tuple[Leak, ...]
    shared: Mapping[str, tuple[str, ...]]
    beside: Mapping[str, tuple[str, ...]]
    unresolved: Mapping[str, str]


def find_leaks(
    lineage: Lineage,
    relation: str,
    label: str,
    columns: Iterable[str],
    *,
    views: Mapping[str, Collection[str]],
    predictions: Collection[str] = (),
    lagged: Collection[str] = (),
) -> Leaks:
    """Return which of ``columns`` of ``relation`` are made of its column ``label``.

    A column is a leak if it is made, however, of the label's column under any name it has on its
    way, or of ``predictions`` (relations that hold what is told of this very label) unless it comes
    by one of ``lagged`` (relations that read those of days before alone); or if it is made of all
    the columns that the label is made of, in the same row. ``views`` has, by relation, the feature
    views it joins right in time: what comes through one of them was known in time.
    """
    guard = _Guard(
        lineage, Place(relation, label), views, frozenset(predictions), frozenset(lagged)
    )
    places = [Place(relation, each.lower()) for each in columns]
    found, cut = list[Leak](), list[Leak]()
    for place in places:
        here, through = guard.look(place)
        found += [here] if here else []
        cut += [through] if through and not here else []
    reasons = {each.column: lineage.unresolved(each) for each in places}
    return Leaks(
        tuple(found),
        tuple(cut),
        {each.column: shared for each in places if (shared := guard.shared(each))},
        guard.beside(places),
        {column: why for column, why in reasons.items() if why},
    )


class _Guard:
    """Holds one column after another against one label."""

    def __init__(
        self,
        lineage: Lineage,
        label: Place,
        views: Mapping[str, Collection[str]],
        predictions: frozenset[str],
        lagged: frozenset[str],
    ) -> None:
        self._lineage = lineage
        self._label = label
        self._views = views
        self._predictions = predictions
        self._lagged = lagged
        self._labels = frozenset(lineage.same(label))
        self._atoms = frozenset(_atoms(lineage, label))
        self._ends = lineage.ends(label)

    def look(self, place: Place) -> tuple[Leak | None, Leak | None]:
        """Return the leak that ``place`` is, and the one it would be but for a cut in time."""
        through = None
        for way, is_cut in self._lineage.walk(place, self._is_cut):
            why = self._why(way)
            if why and not is_cut:
                return Leak(place.column, why, told(way)), None
            through = through or (Leak(place.column, why, told(way)) if why else None)
        if self._atoms and self._atoms <= set(_atoms(self._lineage, place)):
            of = sorted(str(each) for _, each in self._atoms)
            why = "it is made of the same columns of the same row as the label"
            return Leak(place.column, why, f"{place} ← {', '.join(of)}"), None
        return None, through

    def shared(self, place: Place) -> tuple[str, ...]:
        """Return the columns of sources that ``place`` and the label are both made of."""
        return tuple(sorted(map(str, self._lineage.ends(place) & self._ends)))

    def beside(self, places: Sequence[Place]) -> dict[str, tuple[str, ...]]:
        """Return the tables read for a column and for the label, unless that is so of every one."""
        labels = self._tables(self._label)
        found = {each.column: self._tables(each) & labels for each in places}
        if all(found.values()):
            return {}
        return {column: tuple(sorted(tables)) for column, tables in found.items() if tables}

    def _tables(self, place: Place) -> set[str]:
        return {each.relation for each in self._lineage.reads(place)}

    def _why(self, way: Way) -> str | None:
        if way[-1] in self._labels:
            return "it is made of the label"
        is_own = way[-1].relation in self._predictions
        if is_own and self._lagged.isdisjoint(each.relation for each in way):
            return "it is made of what this model told"
        return None

    def _is_cut(self, child: Place, parent: Parent, is_cut: bool) -> bool:
        """Whether a step is the macro's: it reads a view within a CTE that it makes for it."""
        views = self._views.get(child.relation, ())
        return is_cut or (parent.place.relation in views and is_macros(self._lineage, child))


def _atoms(lineage: Lineage, start: Place) -> Iterator[Atom]:
    """Yield the columns that ``start`` is a function of within its row, each with the way there.

    The way names the tables joined: two columns with one way stand in the same row. What is made
    of several rows is looked into no further.
    """
    seen: set[Atom] = set()
    stack: list[Atom] = [((), start)]
    while stack and len(seen) < _MOST_ATOMS:
        here = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        way, place = here
        cell = lineage.cell(place)
        if cell is None or cell.made is Made.ROWS or cell.unresolved or not cell.parents:
            yield here
        else:
            stack += [((*way, parent.alias), parent.place) for parent in cell.parents]
