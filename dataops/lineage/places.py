"""Columns as lineage knows them, and what each is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ml.tables import COLUMNS

# The columns of a warehouse: schema, table, column, type.
Catalog = Mapping[str, Mapping[str, Mapping[str, str]]]

# The column that stands for which rows a relation, a CTE or a subquery has.
ROWS = "*"
# What other columns come from of an ML model, which is the relation `ml.<model>` here: the version
# that tells, and all that the registry keeps of it.
ML, VERSION, RECORD = "ml", "version", "record"
# What stands for a column of the registry that the declaration or the run says, whatever the rows.
DECLARED = "declared"
_DECLARED = frozenset(
    "model task estimator seed spec label libraries code_version manifest_hash release run_id "
    "created_at decided_at train_relation metric data".split()
)
_REGISTRY = frozenset(str(relation) for relation in COLUMNS)
# What stands for the columns of a query that a star brings and that its SQL does not name.
STAR = "**"


@dataclass(frozen=True, order=True)
class Place:
    """A column of a relation (``schema.name``) or, with ``scope``, of a CTE or subquery within.

    All names are in lower case, as DuckDB compares them.
    """

    relation: str
    column: str
    scope: str = ""

    @property
    def rows(self) -> "Place":
        """Which rows there are where this column is."""
        return Place(self.relation, ROWS, self.scope)

    def __str__(self) -> str:
        name = self.relation.split(".")[-1]
        return f"{name}({self.scope}).{self.column}" if self.scope else f"{name}.{self.column}"


def columns_of(catalog: Catalog, relation: str) -> list[str]:
    """Return the columns of ``relation``, none where the warehouse has no such table."""
    schema, _, name = relation.partition(".")
    return [*catalog.get(schema, {}).get(name, {})]


def model_place(name: str, column: str = VERSION) -> Place:
    """Return what lineage knows of the ML model ``name`` by."""
    return Place(f"{ML}.{name}".lower(), column)


def kept_as(column: str) -> str:
    """Return which column of an ML model, as lineage knows it, a column of the registry is."""
    return VERSION if column == VERSION else DECLARED if column in _DECLARED else RECORD


def is_registry(relation: str) -> bool:
    """Whether ``relation`` is a table in which the engine keeps what it knows of its models."""
    return relation in _REGISTRY


class Made(StrEnum):
    """How a column is made of others."""

    SAME = "same"  # renamed or cast
    NEGATED = "negated"  # that, with the other sign
    RECODED = "recoded"  # its values named anew, or its nulls filled, by constants
    ROW = "row"  # an expression over one row
    ROWS = "rows"  # over several rows, or of the rows of several selects


class Kind(StrEnum):
    """What a column has to do with another that it comes from."""

    VALUE = "value"  # its values are made of the other's
    SCORED = "scored"  # an ML model tells it from the other, a feature
    LEARNT = "learnt"  # an ML model has learnt from the other
    TABLE = "table"  # it is not resolved: any column of the table may be what it is made of
    FILTER = "filter"  # where, having, qualify, limit: the other says which rows stay
    JOIN = "join"  # the other says which rows meet
    GROUP = "group"  # the other says which rows are one: group by, distinct, union
    ORDER = "order"  # the other says in which order rows are taken
    ROWS = "rows"  # the rows there are, in the table read


# By these a column's values come from another's; by the rest only which rows there are.
VALUES = frozenset({Kind.VALUE, Kind.SCORED, Kind.LEARNT, Kind.TABLE})


@dataclass(frozen=True)
class Parent:
    """A column that another reads, by the name ``alias`` of the table, CTE or subquery there."""

    place: Place
    alias: str
    kind: Kind = Kind.VALUE


@dataclass(frozen=True)
class Cell:
    """What one column is made of; ``unresolved`` says why not all of it is known.

    ``decided`` are what its values are not made of but depend on, beyond the rows of its own
    scope: of ``ROWS`` the conditions, of a column the rows of a subquery within it.
    """

    made: Made
    parents: tuple[Parent, ...] = ()
    unresolved: str | None = None
    decided: tuple[Parent, ...] = ()
