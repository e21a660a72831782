"""The steps from one column of a project's relations to another, up and down, models included."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dataops.lineage.graph import Lineage
from dataops.lineage.places import ROWS, VALUES, Kind, Place, columns_of

Reads = Mapping[str, Sequence[str]]


@dataclass(frozen=True, order=True)
class Step:
    """One column that another comes from, of relations, CTEs passed over; ``kind`` says how."""

    child: Place
    parent: Place
    kind: Kind

    @property
    def is_value(self) -> bool:
        """Whether the values of one are made of the other's."""
        return self.kind in VALUES


@dataclass(frozen=True)
class Steps:
    """Every step of a project; ``reads`` has, by relation, those that it reads by declaration.

    What is not resolved comes from any column of what is read, and is marked so.
    """

    lineage: Lineage
    reads: Reads
    _found: dict[Place, tuple[Step, ...]] = field(default_factory=dict, init=False, repr=False)

    def up(self, place: Place) -> tuple[Step, ...]:
        """Return what ``place`` comes from, values first; of a column also its rows."""
        if place not in self._found:
            self._found[place] = tuple(self._steps(place))
        return self._found[place]

    def down(self, place: Place) -> tuple[Step, ...]:
        """Return what comes from ``place``; of ``ROWS`` also the columns of its relation."""
        return tuple(self._reverse.get(place, ()))

    def columns(self, relation: str) -> list[str]:
        """Return the columns of ``relation``, as the warehouse has them."""
        there = columns_of(self.lineage.catalog, relation)
        given = [each.column for each in self.lineage.given if each.relation == relation]
        return [*dict.fromkeys([*there, *(each for each in given if each != ROWS)])]

    @cached_property
    def relations(self) -> list[str]:
        """Every relation that the project or the warehouse has."""
        there = {
            f"{schema}.{name}" for schema, tables in self.lineage.catalog.items() for name in tables
        }
        given = {each.relation for each in self.lineage.given}
        return sorted({*there, *given, *self.reads, *self.lineage.compiled})

    def unresolved(self, place: Place) -> str | None:
        """Return why ``place`` is not resolved by the SQL of its own relation, None if it is."""
        inside, _ = self._walk(place)
        cells = map(self.lineage.cell, inside)
        return next((cell.unresolved for cell in cells if cell and cell.unresolved), None)

    def walk(
        self, starts: Sequence[Place], *, is_up: bool, influences: bool, depth: int | None = None
    ) -> Iterator[Step]:
        """Yield each step met from ``starts`` on, once, the nearest first, ``depth`` steps far."""
        met = dict.fromkeys(starts, 0)
        left = list(starts)
        for here in left:
            if depth is not None and met[here] >= depth:
                return
            for step in self.up(here) if is_up else self.down(here):
                if influences or step.is_value:
                    yield step
                    there = step.parent if is_up else step.child
                    if there not in met:
                        met[there] = met[here] + 1
                        left.append(there)

    @cached_property
    def _reverse(self) -> Mapping[Place, list[Step]]:
        found: dict[Place, list[Step]] = {}
        for relation in self.relations:
            for column in [*self.columns(relation), ROWS]:
                for step in self.up(Place(relation, column)):
                    found.setdefault(step.parent, []).append(step)
        return found

    def _steps(self, place: Place) -> Iterator[Step]:
        if self.lineage.cell(place) is not None:
            _, outside = self._walk(place)
            ordered = sorted(outside.items(), key=lambda each: each[1] not in VALUES)
            yield from (Step(place, parent, kind) for parent, kind in ordered)
            if self.unresolved(place):
                yield from self._of_tables(place, outside)
        elif place.relation in self.reads and place.column == ROWS:
            # An exposure reads tables; dbt does not say which of their columns.
            yield from self._of_tables(place, {})
        if place.column != ROWS:
            yield Step(place, place.rows, Kind.ROWS)

    def _of_tables(self, place: Place, known: Mapping[Place, Kind]) -> Iterator[Step]:
        for table in self.reads.get(place.relation, ()):
            for column in [*self.columns(table), ROWS]:
                parent = Place(table, column)
                if parent not in known:
                    yield Step(place, parent, Kind.TABLE)

    def _walk(self, start: Place) -> tuple[set[Place], dict[Place, Kind]]:
        """Return the cells of the relation's own SQL that ``start`` is made of, and what they read.

        What is read is of other relations, each with how; a value, where it is one by any way.
        """
        inside, outside = {(start, Kind.VALUE)}, dict[Place, Kind]()
        left = [(start, Kind.VALUE)]
        while left:
            here, so_far = left.pop()
            cell = self.lineage.cell(here)
            for parent in (*cell.parents, *cell.decided) if cell else ():
                kind = _further(so_far, parent.kind)
                if _is_outside(start, parent.place):
                    outside[parent.place] = _nearer(kind, outside.get(parent.place))
                elif (parent.place, kind) not in inside:
                    inside.add((parent.place, kind))
                    left.append((parent.place, kind))
        is_rows = start.column == ROWS
        return {place for place, kind in inside if is_rows or kind in VALUES}, outside


def _further(so_far: Kind, kind: Kind) -> Kind:
    """Return what a way comes to by one step more: what only decides rows is no value again."""
    return kind if so_far in VALUES and kind is not Kind.VALUE else so_far


def _nearer(kind: Kind, other: Kind | None) -> Kind:
    """Return which of two ways to one column says more: a value, one told or learnt, rows."""
    if other is None or kind is Kind.VALUE:
        return kind
    return other if other is Kind.VALUE or kind not in VALUES else kind


def _is_outside(start: Place, place: Place) -> bool:
    return place.relation != start.relation
