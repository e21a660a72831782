"""From contract files to contracts; whatever cannot be meant is refused, file and key named."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from dataops.contracts.contract import DATA_SOURCE, Contract, ContractCheck, Severity
from dataops.contracts.document import (
    COLUMN_KINDS,
    DBT_OWNS,
    KINDS,
    Check,
    Document,
    FailedRows,
    Freshness,
    Invalid,
    Metric,
)
from dataops.contracts.plan import planned
from dataops.contracts.strict_yaml import StrictLoader
from ml.declaration.refusals import explain, shown
from ml.errors import UsageError
from ml.names import listed
from ml.relation import Relation

Model = TypeVar("Model", bound=BaseModel)


def parse_contracts(folder: Path) -> list[Contract]:
    """Return the contracts below ``folder``, ``<schema>/<table>.yml`` each, in order of path.

    A folder that is not there holds none. Raises UsageError naming the file and what is wrong
    in it: YAML that cannot be read, a dataset that is not the file's, an owner or a severity
    that is missing or unknown, a check of an unknown kind, two checks of one name.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml"))
    return [_Reader(path, folder).contract() for path in files]


class _Reader:
    """Reads one file; holds what every refusal has to name."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._parts = path.relative_to(folder).parts
        self._file = path.relative_to(folder.parent).as_posix()

    def contract(self) -> Contract:
        relation = self._relation()
        document = self._validated(Document, self._read(), "the file")
        expected = f"{DATA_SOURCE}/{relation.schema}/{relation.name}"
        if document.dataset != expected:
            raise self._refused(f"dataset is '{document.dataset}'; allowed in it: {expected}")
        attributes = document.check_attributes
        checks = tuple(self._checks(document, attributes.severity))
        self._check_names(checks)
        return Contract(
            relation, self._file, attributes.owner, checks, attributes.key, document.filter
        )

    def _relation(self) -> Relation:
        if len(self._parts) != 2 or self._path.suffix != ".yml":
            raise self._refused("it is not at <schema>/<table>.yml", fix="move it")
        return Relation(self._parts[0], self._path.stem)

    def _read(self) -> Any:
        try:
            return yaml.load(self._path.read_text(encoding="utf-8"), StrictLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise self._refused(f"it cannot be read ({' '.join(str(error).split())})") from error

    def _checks(self, document: Document, severity: Severity) -> Iterator[ContractCheck]:
        for column in document.columns:
            for met in column.checks:
                yield self._check(met, f"column '{column.name}'", column.name, severity)
        for met in document.checks:
            yield self._check(met, "checks", None, severity)

    def _check(self, met: Any, where: str, column: str | None, severity: Severity) -> ContractCheck:
        kinds = KINDS if column is None else COLUMN_KINDS
        if not isinstance(met, Mapping) or len(met) != 1:
            raise self._refused(
                f"{where} has a check {shown(met)}; allowed: one kind with its settings, of: "
                f"{', '.join(kinds)}"
            )
        ((kind, body),) = met.items()
        self._check_kind(str(kind), where, kinds)
        parsed = self._validated(kinds[kind], body or {}, f"{kind} of {where}")
        self._check_form(parsed, f"{kind} of {where}")
        own = parsed.attributes.severity if parsed.attributes else severity
        looked_at = parsed.column if isinstance(parsed, Freshness) else column
        return planned(kind, parsed, looked_at, own)

    def _check_kind(self, kind: str, where: str, kinds: Mapping[str, type[Check]]) -> None:
        if kind in kinds:
            return
        if kind in DBT_OWNS:
            raise self._refused(
                f"{where} has a check '{kind}'; columns, types and keys are said to dbt",
                fix="declare it beside the model (contract, unique, unique_combination) and "
                "take it out here",
            )
        place = "a column" if kinds is COLUMN_KINDS else "the relation"
        raise self._refused(
            f"{where} has a check of unknown kind '{kind}'; allowed for {place}: "
            f"{listed(kind, kinds)}"
        )

    def _check_form(self, parsed: Check, where: str) -> None:
        if isinstance(parsed, Metric | FailedRows) and bool(parsed.expression) == bool(
            parsed.query
        ):
            raise self._refused(f"{where}: allowed: exactly one of expression, query")
        if isinstance(parsed, FailedRows) and parsed.query and parsed.threshold.unit_text:
            raise self._refused(f"{where}: a share needs an expression; allowed: metric: count")
        rules = [key for key in Invalid.model_fields if key.startswith(("valid_", "invalid_"))]
        if isinstance(parsed, Invalid) and all(getattr(parsed, key) is None for key in rules):
            raise self._refused(f"{where} says of no value that it is; allowed: {', '.join(rules)}")

    def _check_names(self, checks: tuple[ContractCheck, ...]) -> None:
        names = [check.name for check in checks]
        if not names:
            raise self._refused("it has no check", fix="add one or remove the file")
        for name in sorted({name for name in names if names.count(name) > 1}):
            raise self._refused(f"two checks are called {name}", fix="give one a qualifier")

    def _validated(self, model: type[Model], met: Any, where: str) -> Model:
        if not isinstance(met, Mapping):
            raise self._refused(f"{where} is {shown(met)}; allowed: a mapping of keys to values")
        try:
            return model.model_validate(met)
        except ValidationError as error:
            told = "; ".join(explain(error, model, where))
            raise self._refused(told if model is Document else f"{where}: {told}") from None

    def _refused(self, problem: str, *, fix: str = "fix it") -> UsageError:
        return UsageError(
            f"contract {self._file}: {problem}",
            fix=f"{fix}; docs/contracts.md has an example of each kind",
        )
