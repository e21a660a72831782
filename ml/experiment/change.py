"""A change of the data a model learns from: columns that come or go, rows that come or go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

# Features that could be joined to the training relation: those of each view, by its name.
Views = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Change:
    """What is done to the data before the model learns from it, as ``said`` on the command line.

    ``joined`` are features of views (view, feature), ``added`` columns of the training relation
    that are no features yet, ``dropped`` features that go; ``there`` are features of a view that
    are not joined because the relation has them. ``noise`` adds a random feature, ``clean`` leaves
    out rows whose label is contradicted, ``share`` is the share of the rows learnt from, ``times``
    how many rows there are, for each of those, with the made-up ones.
    """

    said: str
    joined: tuple[tuple[str, str], ...] = ()
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    there: tuple[tuple[str, str], ...] = ()
    noise: bool = False
    clean: bool = False
    share: float | None = None
    times: float | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns, of the relation with the features joined, that become features."""
        return frozenset((*self.added, *(joined_name(*each) for each in self.joined)))


DECLARED = Change("as declared")
TOGETHER = "all together"


def joined_name(view: str, feature: str) -> str:
    """Return what a feature of a view is called once joined, so that no two are called alike."""
    return f"{view}__{feature}"


def together(changes: Sequence[Change]) -> Change | None:
    """Return all of ``changes`` as one.

    None where there is one only, and where two set the same number: together they would be one of
    the two.
    """
    for numbers in ([each.share for each in changes], [each.times for each in changes]):
        if len(changes) < 2 or len([each for each in numbers if each is not None]) > 1:
            return None
    found: dict[str, object] = {}
    for change in changes:
        for name in (each.name for each in fields(Change) if each.name != "said"):
            found[name] = _both(found.get(name), getattr(change, name))
    return Change(TOGETHER, **found)  # type: ignore[arg-type]


def features_joined(changes: Iterable[Change]) -> dict[str, list[str]]:
    """Return the features that ``changes`` join, each once, by the name of their view."""
    found: dict[str, dict[str, None]] = {}
    for change in changes:
        for view, feature in change.joined:
            found.setdefault(view, {})[feature] = None
    return {view: list(features) for view, features in found.items()}


def _both(before: object, own: object) -> object:
    if isinstance(own, tuple):
        return tuple(dict.fromkeys((*(before if isinstance(before, tuple) else ()), *own)))
    return own or before or own
