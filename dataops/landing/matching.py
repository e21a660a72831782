"""Which of the columns a file has are the declared ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from dataops.landing.declaration import LandingSource
from dataops.landing.files import LandingFile


@dataclass(frozen=True)
class Match:
    """Where the declared columns stand in a file of ``width`` columns.

    ``extra`` names those that are not declared; ``problem`` says why no row can be loaded.
    """

    places: dict[str, int]
    width: int = 0
    extra: tuple[str, ...] = ()
    problem: str | None = None


def match_columns(source: LandingSource, met: Sequence[str], *, exact: bool = False) -> Match:
    """Find the declared columns among the names ``met``, whatever their order.

    Unless ``exact``, a name that differs by case only is taken if no other name is nearer.
    """
    places: dict[str, int] = {}
    for name in source.column_names:
        at = [i for i, other in enumerate(met) if other == name]
        if not at and not exact:
            at = [i for i, other in enumerate(met) if other.casefold() == name.casefold()]
        if len(at) > 1:
            return Match(
                {}, len(met), problem=f"column '{name}' stands {len(at)} times in the file"
            )
        if at:
            places[name] = at[0]
    missing = [n for n in source.column_names if n not in places and n not in source.optional]
    if missing:
        names = " and ".join(f"'{name}'" for name in missing)
        verb = "are" if len(missing) > 1 else "is"
        noun = "columns" if len(missing) > 1 else "column"
        has = ", ".join(met) or "no columns"
        return Match(
            places, len(met), problem=f"{noun} {names} {verb} not in the file; it has: {has}"
        )
    taken = set(places.values())
    return Match(places, len(met), tuple(name for i, name in enumerate(met) if i not in taken))


def note_match(source: LandingSource, file: LandingFile, match: Match) -> None:
    """Tell of a file what its columns lack or have too many, and what to do about it."""
    if match.problem:
        file.failure = (
            f"{match.problem} — list what may lack under landing.optional in {source.file} or have "
            f"the file delivered whole, then: goldloop ingest --again '{source.path}'"
        )
    if extra := [f"'{name}'" for name in match.extra if name]:
        noun, verb = ("columns", "are") if len(extra) > 1 else ("column", "is")
        file.notes.append(
            f"{noun} {' and '.join(extra)} {verb} not declared and so not loaded — declare in "
            f"{source.file} what you need, then: goldloop ingest --again '{source.path}'"
        )
