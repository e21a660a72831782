"""Every feature of a project, found by what it is called, what it says and what is like it."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher

from dataops.features.views import View
from dataops.manifest import Manifest

# From here on two features are called alike; found on the features of the shipped project.
NEAR = 0.85
_FOUND = 0.7
# Words that tell no feature from another.
_SMALL = frozenset(
    "a an and are as at by for from in is it its of on or per that the to with".split()
)


@dataclass(frozen=True)
class Feature:
    """One feature of a view; ``passed_on_from`` is the view upstream that it is copied from."""

    view: View
    name: str
    description: str
    passed_on_from: str | None

    @property
    def full_name(self) -> str:
        """The view and the feature as people write them: ``view.feature``."""
        return f"{self.view.name}.{self.name}"


def catalog(manifest: Manifest, views: Mapping[str, View]) -> list[Feature]:
    """Return the features of ``views`` in order of view and column."""
    above = {name: upstream(manifest, name) for name in views}
    return [
        Feature(view, name, " ".join(description.split()), _origin(above, views, view, name))
        for view in sorted(views.values(), key=lambda view: view.name)
        for name, description in view.features.items()
    ]


def upstream(manifest: Manifest, name: str) -> set[str]:
    """Return the names of all models, seeds and snapshots that the model ``name`` is made from."""
    nodes = manifest.raw["nodes"]
    return {nodes[each]["name"] for each in manifest.above(name) if each in nodes}


def _origin(
    above: Mapping[str, Set[str]], views: Mapping[str, View], view: View, feature: str
) -> str | None:
    """Return the view furthest up that has the feature by this name, None if it is this one."""
    having = [
        name
        for name in sorted(above[view.name])
        if name in views and feature in views[name].features
    ]
    return next((name for name in having if not above[name] & set(having)), None)


def search(words: Sequence[str], features: Sequence[Feature]) -> list[tuple[Feature, float]]:
    """Return the features that have every one of ``words`` in their name or description.

    The best first, each with its likeness from 0 to 1. A word counts as found if a word that is
    there begins with it or differs by a slip of typing; in the name it counts more.
    """
    asked = [word for text in words for word in _words(text)]
    ranked = [(feature, _match(asked, feature)) for feature in features]
    found = [(feature, score) for feature, score in ranked if asked and score > 0]
    return sorted(found, key=lambda each: (-each[1], bool(each[0].passed_on_from)))


def near(name: str, description: str, features: Sequence[Feature]) -> list[tuple[Feature, float]]:
    """Return the features that a new one of this name and description could be, the likest first.

    A feature that another view passes on is left out: the first view stands for it.
    """
    ranked = [
        (feature, max(_likeness(name, feature.name), _alike(description, feature.description)))
        for feature in features
        if not feature.passed_on_from
    ]
    return sorted((each for each in ranked if each[1] >= NEAR), key=lambda each: -each[1])


def _likeness(name: str, other: str) -> float:
    """Compare two names as letters and as sets of words; numbers must be the same ones."""
    mine, theirs = set(_words(name)), set(_words(other))
    if _numbers(mine) != _numbers(theirs):
        return 0.0
    shared = len(mine & theirs) / max(1, len(mine | theirs))
    return max(shared, SequenceMatcher(None, name.lower(), other.lower()).ratio())


def _alike(text: str, other: str) -> float:
    """Return the share of words two descriptions have in common.

    Numbers must be the same ones; short descriptions say too little.
    """
    mine, theirs = set(_words(text)) - _SMALL, set(_words(other)) - _SMALL
    if min(len(mine), len(theirs)) < 4 or _numbers(mine) != _numbers(theirs):
        return 0.0
    return len(mine & theirs) / len(mine | theirs)


def _numbers(words: Set[str]) -> set[str]:
    return {word for word in words if word.isdigit()}


def _match(asked: Sequence[str], feature: Feature) -> float:
    name = list(_words(feature.name))
    rest = [*_words(feature.view.name), *_words(feature.description)]
    scores = [max(_best(word, name), 0.7 * _best(word, rest)) for word in asked]
    return sum(scores) / len(scores) if scores and min(scores) > 0 else 0.0


def _best(word: str, there: Sequence[str]) -> float:
    return max((_word_likeness(word, each) for each in there), default=0.0)


def _word_likeness(word: str, there: str) -> float:
    if there == word:
        return 1.0
    if there.startswith(word) and len(word) > 2:
        return 0.9
    ratio = SequenceMatcher(None, word, there).ratio()
    return ratio * 0.8 if ratio >= _FOUND and min(len(word), len(there)) > 3 else 0.0


def _words(text: str) -> Iterator[str]:
    word = ""
    for letter in text.lower() + " ":
        if letter.isalnum():
            word += letter
        elif word:
            yield word
            word = ""
