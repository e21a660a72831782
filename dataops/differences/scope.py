"""Which relations of a warehouse are looked at, and how."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from dataops.differences.catalog import Catalog
from ml.relation import Relation
from ml.tables import COLUMNS

# Their rows are compared as models.
REGISTRY = frozenset(COLUMNS)

T = TypeVar("T")


@dataclass(frozen=True)
class Scope:
    """The schemas and relations asked for, None being all, but for the schemas ``without``."""

    schemas: Collection[str] | None = None
    relations: Collection[Relation] | None = None
    without: Collection[str] = ()

    def has(self, relation: Relation) -> bool:
        """Whether ``relation`` was asked for."""
        return (
            (self.schemas is None or relation.schema in self.schemas)
            and (self.relations is None or relation in self.relations)
            and relation.schema not in self.without
        )

    def tables(self, catalog: Catalog) -> list[Relation]:
        """Return the relations of ``catalog`` whose rows count, by name: a view only by name."""
        named = catalog.views if self.relations is not None else ()
        return sorted(
            (relation for relation in (*catalog.tables, *named) if self.has(relation)), key=str
        )

    def views(self, catalog: Catalog) -> list[Relation]:
        """Return the views of ``catalog`` of which the SQL counts, by name."""
        if self.relations is not None:
            return []
        return sorted((relation for relation in catalog.views if self.has(relation)), key=str)


def of_relation(values: Mapping[Relation, Collection[T]], relation: Relation) -> tuple[T, ...]:
    """Return what ``values`` says of ``relation``, found as SQL finds names: in any case."""
    if relation in values:
        return tuple(values[relation])
    name = str(relation).casefold()
    return next((tuple(each) for key, each in values.items() if str(key).casefold() == name), ())
