"""From the words of ``--with`` and ``--without`` to changes; what is unknown is refused here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NoReturn

from ml import estimators
from ml.data.dataset import TrainingSet
from ml.data.feature_choice import READABLE
from ml.errors import UsageError
from ml.experiment.change import Change, Views, joined_name
from ml.names import listed
from ml.spec import ModelSpec

# Words that are no names of columns, as they are typed, and what each does.
WITH = {
    "noise": "A random feature, drawn by seed: a control, which should gain nothing.",
    "rows:0.5x": "Half of the rows learnt from, drawn by seed with the classes in equal shares; "
    "any share below 1.",
    "synthetic:2x": "As many made-up rows beside the rows learnt from; any number above 1, up to "
    "20.",
}
WITHOUT = {
    "label_noise": "Without the rows learnt from whose label is contradicted by models that have "
    "not seen them.",
}
_NUMBER = re.compile(r"(rows|synthetic):([0-9]*\.?[0-9]+)x")
_MOST = 20.0


@dataclass(frozen=True)
class Asked:
    """What was typed after ``--with`` and ``--without``."""

    more: Sequence[str] = ()
    less: Sequence[str] = ()


def read_changes(asked: Asked, spec: ModelSpec, found: TrainingSet, views: Views) -> list[Change]:
    """Return a change for each word of ``asked``, those of ``more`` first.

    ``found`` is the training set as declared. Raises UsageError for a word that names nothing, with
    the nearest names, and for a change that this model cannot have.
    """
    reader = _Reader(spec, found, views)
    changes = [reader.more(word) for word in dict.fromkeys(asked.more)]
    changes += [reader.less(word) for word in dict.fromkeys(asked.less)]
    if not changes:
        raise UsageError(
            "an experiment needs a change; allowed: --with and --without, as often as wanted: "
            f"{', '.join([*WITH, *WITHOUT])}, a feature view, view.feature, a column, begins_so_*",
            fix=f"type, for example: goldloop experiment {spec.name} --with noise",
        )
    return changes


class _Reader:
    """Reads words about the model that ``spec`` declares."""

    def __init__(self, spec: ModelSpec, found: TrainingSet, views: Views) -> None:
        self._spec, self._found, self._views = spec, found, views
        self._features = [column.name for column in found.features]
        train = spec.train
        taken = {train.label, train.time, train.split.column, *train.key, *train.known}
        taken |= set(self._features)
        self._idle = [name for name in found.source.columns if name not in taken]

    def more(self, word: str) -> Change:
        """Return what ``--with word`` does."""
        said, number = f"--with {word}", _NUMBER.fullmatch(word)
        if word == "noise":
            self._refuse_text(said)
            return Change(said, noise=True)
        if number and number[1] == "rows" and 0 < float(number[2]) < 1:
            return Change(said, share=float(number[2]))
        if number and number[1] == "synthetic" and 1 < float(number[2]) <= _MOST:
            self._refuse_synthetic(said)
            return Change(said, times=float(number[2]))
        if view := self._view(word):
            return self._joined(said, *view)
        names = _matching(word, self._idle)
        if not names:
            self._unknown(said, word, [*WITH, *self._idle])
        return Change(said, added=names)

    def less(self, word: str) -> Change:
        """Return what ``--without word`` does."""
        said = f"--without {word}"
        if word in WITHOUT:
            if not self._found.classes:
                self._refuse(said, "needs classes, and the label is a number")
            return Change(said, clean=True)
        if view := self._view(word):
            own = {*view[1], *(joined_name(view[0], feature) for feature in view[1])}
            names = tuple(name for name in self._features if name in own)
        else:
            names = _matching(word, self._features)
        if not names:
            self._unknown(said, word, [*WITHOUT, *self._features])
        dropped = tuple(self._with_made_of(names))
        if len(dropped) == len(self._features):
            self._refuse(said, "leaves no feature to learn from")
        return Change(said, dropped=dropped)

    def _view(self, word: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the view that ``word`` names and its features meant, None if it names none."""
        view, dot, pattern = word.partition(".")
        if view not in self._views:
            return None
        features = tuple(self._views[view])
        if not dot:
            return view, features
        meant = _matching(pattern, features)
        if not meant:
            raise UsageError(
                f"'{word}': '{pattern}' is no feature of {view}; it has: "
                f"{listed(pattern, features)}",
                fix="correct the name",
            )
        return view, meant

    def _joined(self, said: str, view: str, features: tuple[str, ...]) -> Change:
        """Return the change that joins the features of ``view`` the training relation has not."""
        columns = set(self._found.source.columns)
        there = [each for each in features if {each, joined_name(view, each)} & columns]
        if len(there) == len(features):
            self._refuse(
                said,
                f"adds nothing, {self._found.source.relation} has "
                f"{', '.join(features)} already; --without tells what they are worth",
            )
        if self._spec.train.time is None:
            self._refuse(said, "needs train.time, which says as of when a view is joined")
        return Change(
            said,
            joined=tuple((view, each) for each in features if each not in there),
            there=tuple((view, each) for each in there),
        )

    def _with_made_of(self, names: tuple[str, ...]) -> Iterator[str]:
        """Yield ``names`` and the transforms that read one of them."""
        for column in self._found.features:
            if column.name in names or {name for name, _ in column.reads} & set(names):
                yield column.name

    def _refuse_text(self, said: str) -> None:
        reads = estimators.reads(self._spec)
        if reads != "numbers":
            what = READABLE[reads]
            self._refuse(said, f"makes numbers, and {self._spec.estimator.name} reads {what}")

    def _refuse_synthetic(self, said: str) -> None:
        self._refuse_text(said)
        if self._spec.train.synthetic:
            self._refuse(said, "learns from made-up rows already (train.synthetic)")
        estimator = self._spec.estimator
        judging = {
            "tune": self._spec.tune,
            "estimator.calibrate": estimator.calibrate,
            "estimator.decide.cost": estimator.decide and estimator.decide.cost,
        }
        for key, there in judging.items():
            if there:
                self._refuse(said, f"would have made-up rows judged in the folds of {key}")

    def _refuse(self, said: str, why: str) -> NoReturn:
        raise UsageError(
            f"{said} cannot be tried on ML model '{self._spec.name}': it {why}",
            fix=f"leave it out, or look at {self._spec.file}",
        )

    def _unknown(self, said: str, word: str, allowed: Sequence[str]) -> NoReturn:
        every = [*allowed, *self._views]
        raise UsageError(
            f"{said}: '{word}' names nothing that can be "
            f"{'added' if said.startswith('--with ') else 'left out'}; allowed: "
            f"{listed(word, every)}",
            fix=f"correct it (docs/experiments.md says what can be tried on {self._spec.name})",
        )


def _matching(pattern: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``names`` that ``pattern`` is, or matches with its stars."""
    return tuple(name for name in names if name == pattern or fnmatchcase(name, pattern))
