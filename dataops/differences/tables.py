"""One table of both warehouses: its columns, its rows, by its key where that holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from duckdb import DuckDBPyConnection

from dataops.differences.as_multiset import compare_as_multiset
from dataops.differences.by_key import compare_by_key
from dataops.differences.comparison import Comparison, Rows
from dataops.differences.difference import Column, Retyped, TableDifference
from dataops.differences.pairs import Pair, pairs_of
from dataops.differences.sides import Side
from ml.relation import Relation


@dataclass(frozen=True)
class How:
    """How a table is compared; ``masked`` holds names in lower case."""

    key: tuple[str, ...] = ()
    masked: frozenset[str] = frozenset()
    skipped: frozenset[str] = field(default=frozenset())
    tolerance: float = 0.0
    samples: int = 5


def compare_table(
    connection: DuckDBPyConnection, relation: Relation, old: Side, new: Side, how: How
) -> TableDifference:
    """Return in what ``relation`` differs; rows are read only as far as that needs."""
    pairs = pairs_of(old, new, skipped=how.skipped, masked=how.masked, tolerance=how.tolerance)
    key, note = _key(pairs, how.key)
    comparison = Comparison(connection, old, new, pairs, key, how.samples)
    before, after = comparison.total(old), comparison.total(new)
    rows = Rows()
    if before != after:
        if key and (note := _repeated(comparison)):
            comparison = replace(comparison, key=())
        rows = compare_by_key(comparison) if comparison.key else compare_as_multiset(comparison)
    return TableDifference(
        relation,
        rows_before=before[0],
        rows_after=after[0],
        key=tuple(pair.name for pair in comparison.key),
        note=note,
        columns_added=_only_in(new.columns, old.columns),
        columns_removed=_only_in(old.columns, new.columns),
        columns_retyped=_retyped(old.columns, new.columns),
        added=rows.added,
        removed=rows.removed,
        changed=rows.changed,
        columns=rows.columns,
        samples=rows.samples,
    )


def _key(pairs: Sequence[Pair], names: Sequence[str]) -> tuple[tuple[Pair, ...], str | None]:
    """Return the key's columns, or none and why; names match as SQL's do, whatever their case."""
    by_name = {pair.name.casefold(): pair for pair in pairs}
    if not names:
        return (), "it has no key"
    missing = [name for name in names if name.casefold() not in by_name]
    if missing:
        return (), f"its key has {_listed(missing)}, which one of the two has not"
    return tuple(by_name[name.casefold()] for name in names), None


def _repeated(comparison: Comparison) -> str | None:
    names = _listed([pair.name for pair in comparison.key])
    for which, side in (("old", comparison.old), ("new", comparison.new)):
        if repeated := comparison.repeated(side):
            return f"its key {names} is not unique: {repeated:,} values repeat in the {which} one"
    return None


def _only_in(these: Mapping[str, str], others: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, type_) for name, type_ in these.items() if name not in others)


def _retyped(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Retyped, ...]:
    return tuple(
        Retyped(name, old[name], type_)
        for name, type_ in new.items()
        if name in old and old[name] != type_
    )


def _listed(names: Sequence[str]) -> str:
    return f"({', '.join(names)})"
