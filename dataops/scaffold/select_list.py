"""A column put into the one select that reads a CTE, where the text is of a shape that is known.

What a person wrote is text, with Jinja in it, so a line is put in as text. That the result is the
same select with one more column is then seen by parsing both.
"""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_CALL = re.compile(r"\{\{-?\s*training_set\s*\(.*?\}\}", re.DOTALL)
_NOTHING = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{-?\s*config\s*\(.*?\}\}", re.DOTALL)
_REF = re.compile(r"\{\{-?\s*ref\(\s*['\"](\w+)['\"]\s*\)\s*-?\}\}")
_OTHER = re.compile(r"\{\{.*?\}\}", re.DOTALL)


class UnknownShape(Exception):
    """The text is of another shape; says what it lacks."""


def is_one_call(text: str) -> bool:
    """Whether a model is nothing but its call of ``training_set``."""
    return _plain(text).strip() == _plain("{{ training_set() }}")


def with_column(text: str, cte: str, name: str, value: str) -> str:
    """Return ``text`` with ``value``, called ``name``, in what is selected from ``cte``.

    As it is where everything is selected. Raises UnknownShape for what is not a select of one
    column a line from ``cte`` under its own name.
    """
    select = _select(text, cte)
    if any(_is_all(each, cte) for each in select.expressions):
        return text
    if name in select.named_selects:
        raise UnknownShape(f"room for '{name}', which it selects already")
    shape = UnknownShape(f"one column a line selected from {cte}, and a line 'from {cte}' below")
    found = list(re.finditer(rf"\n([ \t]*)(\S.*)\n[ \t]*from {cte}[ \t]*(?=\n)", text))
    if len(found) != 1:
        raise shape
    (indent, last), at = found[0].groups(), found[0].start()
    before = text[:at].rsplit("\n", 1)[-1].strip()
    if last.startswith("--") or not (before.endswith(",") or before == "select"):
        raise shape
    changed = f"{text[:at]}\n{indent}{value},{text[at:]}"
    names = select.named_selects
    if _select(changed, cte).named_selects != [*names[:-1], name, names[-1]]:
        raise shape
    return changed


def passes_on(text: str, model: str) -> bool:
    """Whether the SQL ``text`` hands every column of the dbt ``model`` on to who reads it."""
    try:
        tree = sqlglot.parse_one(_plain(text), dialect="duckdb")
    except SqlglotError:
        return False
    return isinstance(tree, exp.Select) and model in _handed_on(tree, {})


def _handed_on(select: exp.Select, ctes: dict[str, exp.Expression]) -> set[str]:
    """Return the relations all of whose columns ``select`` gives, through its CTEs."""
    ctes = ctes | {each.alias: each.this for each in select.ctes}
    sources = {}
    for part in [select.args.get("from_"), *(select.args.get("joins") or [])]:
        if part is not None and isinstance(part.this, exp.Table):
            sources[part.this.alias_or_name] = part.this.name
    chosen: set[str] = set()
    for each in select.expressions:
        chosen |= {name for alias, name in sources.items() if _is_all(each, alias)}
    found = set(chosen)
    for name in chosen & set(ctes):
        inner = ctes.pop(name)
        if isinstance(inner, exp.Select):
            found |= _handed_on(inner, ctes)
    return found


def _is_all(selected: exp.Expression, of: str) -> bool:
    """Whether what is selected are all columns of the relation called ``of``."""
    if isinstance(selected, exp.Column) and isinstance(selected.this, exp.Star):
        return selected.table == of
    return isinstance(selected, exp.Star)


def _select(text: str, cte: str) -> exp.Select:
    """Return the one select that reads ``cte`` under its own name."""
    try:
        tree = sqlglot.parse_one(_plain(text), dialect="duckdb")
    except SqlglotError:
        raise UnknownShape("SQL that can be read without running dbt") from None
    found = [
        select
        for select in tree.find_all(exp.Select)
        if (source := select.args.get("from_"))
        and isinstance(source.this, exp.Table)
        and source.this.name == cte
    ]
    if len(found) != 1 or found[0].args["from_"].this.alias:
        raise UnknownShape(f"one select that reads {cte} under that name")
    return found[0]


def _plain(text: str) -> str:
    """Return SQL to parse: of Jinja only that is kept where names and values stand."""
    text = _CALL.sub("select 1 as goldloop", text)
    return _OTHER.sub("goldloop", _REF.sub(r"\1", _NOTHING.sub("", text)))
