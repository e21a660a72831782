"""The data of a variant: the declared features and rows, changed; the rows held out stay."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from ml.columns import Column
from ml.data.dataset import Rows, TrainingSet
from ml.data.folds import sample
from ml.data.holdout import Parts
from ml.declaration.training import Split
from ml.errors import PipelineError
from ml.evaluation.metrics import Codes
from ml.experiment.change import Change
from ml.experiment.confident import contradicted
from ml.experiment.synthetic import with_made_up
from ml.fitting.out_of_fold import judge_folds, make_folds
from ml.spec import ModelSpec

FOLDS = 5
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """What every variant stands on: the split is made once, and each variant is cut from it.

    ``found`` and ``rows`` have every feature that any variant has, ``declared`` names those of
    the model as it stands. ``parts`` are the rows learnt from and those judged.
    """

    spec: ModelSpec
    found: TrainingSet
    declared: frozenset[str]
    rows: Rows
    parts: Parts


@dataclass(frozen=True)
class Data:
    """What a variant learns from and is judged on; ``left_out`` counts contradicted rows."""

    spec: ModelSpec
    found: TrainingSet
    parts: Parts
    left_out: int = 0

    def known(self) -> "Data":
        """Return the same with nothing said in the declaration of features that are gone."""
        names = {column.name for column in self.found.features}
        ways = {name: way for name, way in self.spec.estimator.monotonic.items() if name in names}
        estimator = self.spec.estimator.model_copy(update={"monotonic": MappingProxyType(ways)})
        return replace(self, spec=self.spec.model_copy(update={"estimator": estimator}))


def changed(ground: Ground, change: Change, seed: int, tell: Tell = lambda _: None) -> Data:
    """Return the data of ``ground`` with ``change``; ``seed`` draws whatever is drawn.

    Columns change first; then contradicted labels go, then rows, then made-up rows come. Raises
    PipelineError where too little is left to learn from.
    """
    data = _with_columns(ground, change, seed)
    if change.clean:
        data = _cleaned(data, seed, tell)
    learnt = data.parts.learnt
    if change.share is not None:
        classes = _codes(learnt) if data.found.classes else None
        wanted = max(1, round(change.share * len(learnt.labels)))
        learnt = learnt.take(sample(len(learnt.labels), wanted, seed, classes))
    if change.times is not None:
        wanted = round((change.times - 1) * len(learnt.labels))
        learnt = with_made_up(
            learnt, data.found.features, wanted, seed, classes=bool(data.found.classes)
        )
    return replace(data, parts=replace(data.parts, learnt=learnt))


def _with_columns(ground: Ground, change: Change, seed: int) -> Data:
    wanted = (ground.declared | change.columns) - set(change.dropped)
    both = [(at, each) for at, each in enumerate(ground.found.features) if each.name in wanted]
    columns = tuple(column for _, column in both)
    table = ground.rows.table.select([at for at, _ in both])
    if change.noise:
        columns = (*columns, Column(_free("noise", wanted), "DOUBLE"))
        # By the rows' own order, not by that in which the table happens to be stored.
        values = np.empty(table.num_rows)
        values[ground.rows.at] = np.random.default_rng(seed).normal(size=table.num_rows)
        table = table.append_column("noise", pa.array(values))
    parts = replace(
        ground.parts,
        learnt=replace(ground.parts.learnt, table=table),
        held=replace(ground.parts.held, table=table),
    )
    return Data(ground.spec, replace(ground.found, features=columns), parts).known()


def _cleaned(data: Data, seed: int, tell: Tell) -> Data:
    """Leave out the rows learnt from whose label is contradicted out of fold."""
    rows = data.parts.learnt

    def before(number: int) -> None:
        tell(f"looking for contradicted labels, fold {number + 1} of {FOLDS}")

    folds = make_folds(_dealt(data.spec, seed), data.found, rows, FOLDS)
    out = judge_folds(data.spec, data.found, rows, folds, before)
    keep = np.flatnonzero(~contradicted(_codes(rows), out.told))
    if len(np.unique(rows.labels[keep])) < len(np.unique(rows.labels)):
        raise PipelineError(
            f"every label of a class of '{data.found.label_name}' is contradicted by models that "
            "have not seen it; nothing could be learnt of that class",
            fix="leave --without label_noise out, and look at the labels",
        )
    parts = replace(data.parts, learnt=rows.take(keep))
    return replace(data, parts=parts, left_out=len(rows.labels) - len(keep))


def _dealt(spec: ModelSpec, seed: int) -> ModelSpec:
    """Return ``spec`` whose folds are dealt by seed, so that every row learnt from is judged."""
    split = Split(by="random", group=spec.train.split.group)
    return spec.model_copy(
        update={
            "train": spec.train.model_copy(update={"split": split}),
            "estimator": spec.estimator.model_copy(update={"seed": seed}),
        }
    )


def _codes(rows: Rows) -> Codes:
    return np.asarray(rows.labels, dtype=np.int64)


def _free(name: str, taken: frozenset[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
