"""The statements of the macros without dbt: the same macro files, rendered by themselves."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any, NoReturn

import jinja2

from dataops.features.installed import MACROS
from ml.errors import UsageError
from ml.relation import quote

_NAMES = re.compile(r"{%-?\s*macro\s+(\w+)")
_ENVIRONMENT = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)


class Renderer:
    """Renders the macros for the feature views in ``views``.

    ``views`` maps a feature view's name to what the macro ``feature_views`` tells of it,
    ``relations`` to where it stands, as SQL. ``adapter`` picks the implementation as dbt does:
    ``duckdb``, or any other name for the portable one.
    """

    def __init__(
        self,
        views: Mapping[str, Mapping[str, Any]],
        relations: Mapping[str, str],
        adapter: str = "duckdb",
    ) -> None:
        self._views = views
        self._relations = relations
        self._adapter = adapter

    def training_set(self, spine: str, time: str, features: Sequence[Any], **options: Any) -> str:
        """Return the statement of ``training_set``; ``spine`` is SQL that can follow ``from``."""
        return str(self._macros["training_set"](spine, time, list(features), **options))

    def snapshot(self, features: Sequence[Any], **options: Any) -> str:
        """Return the statement of ``feature_snapshot``."""
        return str(self._macros["feature_snapshot"](list(features), **options))

    def render(self, macro: str, *arguments: Any, **options: Any) -> str:
        """Return the statement of another macro of the folder; relations are SQL."""
        return str(self._macros[macro](*arguments, **options))

    @cached_property
    def _macros(self) -> Mapping[str, "_Macro"]:
        macros: dict[str, _Macro] = {}
        context: dict[str, Any] = {}
        for names, code in _compiled():
            template = jinja2.Template.from_code(_ENVIRONMENT, code, context)
            macros |= {name: _Macro(name, template) for name in names}
        context |= macros
        context |= self._context(macros)
        return macros

    def _context(self, macros: Mapping[str, "_Macro"]) -> Mapping[str, Any]:
        """Return what the macros use of dbt's context."""
        return {
            "execute": True,
            "model": {},
            # A view that is not there is refused by name further on.
            "ref": lambda view: self._relations.get(view, view),
            "range": range,
            "return": _return,
            "modules": SimpleNamespace(re=re),
            "exceptions": SimpleNamespace(raise_compiler_error=_refuse),
            "current_timestamp": lambda: "now()",
            "feature_views": lambda: self._views,
            "adapter": SimpleNamespace(
                quote=quote,
                # What the spine and the views look like is left to the database.
                get_columns_in_relation=lambda relation: [],
                dispatch=lambda name: (
                    macros.get(f"{self._adapter}__{name}") or macros[f"default__{name}"]
                ),
            ),
        }


@cache
def _compiled() -> list[tuple[list[str], Any]]:
    """Return the names and the code of the macros of each file, a generic test left out."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(MACROS.glob("*.sql"))]
    return [
        (names, _ENVIRONMENT.compile(source))
        for source in sources
        if (names := _NAMES.findall(source))
    ]


class _Macro:
    """A macro of ``template`` that can give back a value, as dbt lets macros do."""

    def __init__(self, name: str, template: jinja2.Template) -> None:
        self._name = name
        self._template = template

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._template.module, self._name)(*arguments, **options)
        except _ReturnedError as returned:
            return returned.value


class _ReturnedError(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def _return(value: Any) -> NoReturn:
    raise _ReturnedError(value)


def _refuse(message: str) -> NoReturn:
    problem, _, fix = message.rpartition(" — ")
    raise UsageError(problem, fix=fix)
