"""What differs between two warehouses, as data: nothing here is computed, nothing is printed."""

from dataclasses import dataclass
from typing import Literal

from ml.relation import Relation

# What stands in a sample for a value that may not be shown.
MASKED = "masked"

Kind = Literal["table", "view"]


@dataclass(frozen=True)
class Whole:
    """A table or view that only one of the two warehouses has; a view's rows are not counted."""

    relation: Relation
    kind: Kind
    rows: int | None = None


@dataclass(frozen=True)
class Column:
    """A column and its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True)
class Retyped:
    """A column whose type changed."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class ColumnDifference:
    """A column with ``changed`` rows; for numbers, what that did to it.

    The means are those of the whole column in each table; ``largest`` is the greatest distance
    between a row's old and new value. All three are None where they are not defined (text, only
    nulls, not-a-number, infinite) or where the column is masked.
    """

    name: str
    changed: int
    mean_before: float | None = None
    mean_after: float | None = None
    largest: float | None = None


@dataclass(frozen=True)
class Value:
    """One value of a sample row, as text; None is null. An added row has no old, and so on."""

    column: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Sample:
    """One row that differs.

    ``key`` holds the key's values as text and ``values`` the columns that changed; an added or
    removed row shows its key alone, or all its columns in a table compared without a key.
    """

    kind: Literal["added", "removed", "changed"]
    key: tuple[tuple[str, str | None], ...]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class TableDifference:
    """A table of both warehouses that differs.

    Without ``key`` the rows are compared as a multiset, so a changed row counts as one removed and
    one added; ``note`` then says why. The row counts are of the rows compared: of a prediction
    table, those of the champion.
    """

    relation: Relation
    rows_before: int
    rows_after: int
    key: tuple[str, ...] = ()
    note: str | None = None
    columns_added: tuple[Column, ...] = ()
    columns_removed: tuple[Column, ...] = ()
    columns_retyped: tuple[Retyped, ...] = ()
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: tuple[ColumnDifference, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def has_other_columns(self) -> bool:
        """Whether a column came, went or changed its type."""
        return bool(self.columns_added or self.columns_removed or self.columns_retyped)

    @property
    def is_same(self) -> bool:
        """Whether neither columns nor rows differ."""
        return not (self.has_other_columns or self.added or self.removed or self.changed)


@dataclass(frozen=True)
class ViewDifference:
    """A view of both warehouses whose SQL differs."""

    relation: Relation
    old: str
    new: str


@dataclass(frozen=True)
class VersionDifference:
    """A version of an ML model whose status differs; None is a version that is not there."""

    version: int
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Metric:
    """A metric's value and the bounds of its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class MetricDifference:
    """A metric of the champion before and of the champion after; None where it is not kept."""

    data: str
    segment: str
    metric: str
    before: Metric | None
    after: Metric | None


@dataclass(frozen=True)
class ModelDifference:
    """An ML model whose versions, champion or metrics differ; None is no champion."""

    model: str
    champion_before: int | None
    champion_after: int | None
    versions: tuple[VersionDifference, ...] = ()
    metrics: tuple[MetricDifference, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What differs between an old and a new warehouse; ``compared`` counts the common tables."""

    added: tuple[Whole, ...] = ()
    removed: tuple[Whole, ...] = ()
    tables: tuple[TableDifference, ...] = ()
    views: tuple[ViewDifference, ...] = ()
    models: tuple[ModelDifference, ...] = ()
    compared: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.tables or self.views or self.models)
