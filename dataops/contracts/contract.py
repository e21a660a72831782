"""A contract and its checks, as everything but the parser sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ml.relation import Relation

Severity = Literal["block", "warn"]
# What the first part of `dataset` says, as in `warehouse/gold/table`.
DATA_SOURCE = "warehouse"
BLOCK: Severity = "block"
WARN: Severity = "warn"


@dataclass(frozen=True)
class ContractCheck:
    """One thing that must hold.

    ``name`` is unique in its contract and made of a-z, 0-9 and _; ``kind`` is soda's check type;
    ``column`` is what it looks at, None for the relation as a whole; ``measured`` and ``allowed``
    are the number and its threshold in words, both in ``unit``; ``body`` is what soda is given.
    """

    name: str
    kind: str
    column: str | None
    severity: Severity
    measured: str = ""
    allowed: str = ""
    unit: str = ""
    body: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True)
class Contract:
    """What the rows of ``relation`` must be like, and who answers for it.

    ``key`` are the columns by which a failing row is named in messages; ``filter`` is an SQL
    condition on the rows that are looked at at all, None for every row.
    """

    relation: Relation
    file: str
    owner: str
    checks: tuple[ContractCheck, ...]
    key: tuple[str, ...] = ()
    filter: str | None = None
