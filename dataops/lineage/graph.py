"""The columns of a whole project, and the ways from one to those it is made of."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from dataops.lineage.kept import Kept
from dataops.lineage.places import STAR, Catalog, Cell, Made, Parent, Place

Way = tuple[Place, ...]
Aliases = tuple[str, ...]
_SAME = frozenset({Made.SAME, Made.NEGATED, Made.RECODED})


@dataclass(frozen=True)
class Lineage:
    """Column lineage of a project; each model's SQL is resolved when it is first asked for.

    ``compiled`` maps relations (``schema.name``) to their SELECT, None where it is not known;
    what is not in it (a source, a seed) is where lineage ends. ``given`` has cells that no SQL
    makes: what ML models tell. ``kept`` has the statements that were resolved before.
    """

    compiled: Mapping[str, str | None]
    catalog: Catalog
    given: Mapping[Place, Cell] = field(default_factory=dict)
    kept: Kept = Kept(None)
    _traced: dict[str, dict[Place, Cell]] = field(default_factory=dict, init=False, repr=False)
    _failed: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def cell(self, place: Place) -> Cell | None:
        """Return what ``place`` is made of, None where lineage ends.

        What cannot be resolved is a cell without parents that says why.
        """
        relation = place.relation
        if place in self.given:
            return self.given[place]
        if relation not in self.compiled:
            return None
        self._trace(relation)
        if relation in self._failed:
            return Cell(Made.ROWS, (), f"{relation}: {self._failed[relation]}")
        traced = self._traced[relation]
        missing = f"{relation} has no column '{place.column}' in its compiled SQL"
        star = traced.get(Place(relation, STAR, place.scope))
        return traced.get(place) or star or Cell(Made.ROWS, (), missing)

    def names(self, relation: str, scope: str) -> set[str]:
        """Return the columns of a CTE or subquery of the SQL of ``relation``."""
        traced = self._traced.get(relation, {})
        return {place.column for place in traced if place.scope == scope}

    def walk(
        self, start: Place, crossing: Callable[[Place, Parent, bool], bool] | None = None
    ) -> Iterator[tuple[Way, bool]]:
        """Yield the shortest way from ``start`` to it and each column it is made of, nearest first.

        Each comes with a mark that ``crossing`` says of a step, given the mark so far; a column
        that is reached with the mark and without is told twice.
        """
        before: dict[tuple[Place, bool], tuple[Place, bool] | None] = {(start, False): None}
        queue = deque([(start, False)])
        while queue:
            here = queue.popleft()
            yield tuple(reversed([place for place, _ in _back(here, before)])), here[1]
            cell = self.cell(here[0])
            for parent in cell.parents if cell else ():
                mark = crossing(here[0], parent, here[1]) if crossing else here[1]
                if (parent.place, mark) not in before:
                    before[parent.place, mark] = here
                    queue.append((parent.place, mark))

    def same(self, start: Place, made: Set[Made] = _SAME) -> list[Place]:
        """Return ``start`` and the columns it is in other words, nearest first.

        They have another name, type or sign, or other names of the values. Only steps that are
        ``made`` so are gone.
        """
        return [place for place, _ in self.same_rows(start, made)]

    def same_rows(self, start: Place, made: Set[Made] = _SAME) -> list[tuple[Place, Aliases]]:
        """Return what :meth:`same` does, each with the names of the tables joined on the way to it.

        Two columns of one relation reached by the same names stand in the same row.
        """
        found: list[tuple[Place, Aliases]] = [(start, ())]
        met = {start}
        while True:
            place, aliases = found[-1]
            cell = self.cell(place)
            if cell is None or cell.made not in made or len(cell.parents) != 1:
                return found
            (parent,) = cell.parents
            if parent.place in met:
                return found
            met.add(parent.place)
            found.append((parent.place, (*aliases, parent.alias)))

    def reach(self, start: Place) -> list[Place]:
        """Return ``start`` and every column it is made of."""
        found = {start: None}
        left = [start]
        while left:
            cell = self.cell(left.pop())
            new = [each.place for each in (cell.parents if cell else ()) if each.place not in found]
            found.update(dict.fromkeys(new))
            left += new
        return list(found)

    def reads(self, start: Place) -> list[Place]:
        """Return the columns that the SQL of its own relation reads to make ``start``, in order."""
        own, found = {start}, dict[Place, None]()
        left = deque([start])
        while left:
            cell = self.cell(left.popleft())
            for parent in cell.parents if cell else ():
                if parent.place.relation != start.relation:
                    found[parent.place] = None
                elif parent.place not in own:
                    own.add(parent.place)
                    left.append(parent.place)
        return [*found]

    def unresolved(self, start: Place) -> str | None:
        """Return what of ``start``, or of what it is made of, is not resolved; None for nothing."""
        cells = map(self.cell, self.reach(start))
        return next((cell.unresolved for cell in cells if cell and cell.unresolved), None)

    def ends(self, start: Place) -> set[Place]:
        """Return the columns of sources and seeds that ``start`` is made of."""
        return {place for place in self.reach(start) if self.cell(place) is None}

    def _trace(self, relation: str) -> None:
        if relation in self._traced or relation in self._failed:
            return
        sql = self.compiled[relation]
        if sql is None:
            self._failed[relation] = "it has no compiled SQL"
            return
        try:
            self._traced[relation] = self.kept.trace(sql, relation, self.catalog)
        except ValueError as error:
            self._failed[relation] = str(error)


def told(way: Way) -> str:
    """Return a way as text, from what is made to what it is made of.

    CTEs on the way are left out, but for the last.
    """
    last = len(way) - 1
    shown = [each for at, each in enumerate(way) if not each.scope or at == last]
    return " ← ".join(map(str, shown))


def _back(
    here: tuple[Place, bool], before: Mapping[tuple[Place, bool], tuple[Place, bool] | None]
) -> Iterator[tuple[Place, bool]]:
    at: tuple[Place, bool] | None = here
    while at is not None:
        yield at
        at = before[at]
