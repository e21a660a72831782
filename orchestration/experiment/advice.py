"""What to do after an experiment, a line for each change that says something."""

from collections.abc import Iterator, Sequence

from ml.experiment.change import TOGETHER, Change
from ml.experiment.result import Experiment, Rung
from ml.spec import ModelSpec


def advice(found: Experiment, spec: ModelSpec) -> Iterator[str]:
    """Yield what the verdicts of ``found`` mean, and what to type or edit next."""
    for rung in found.rungs:
        said = rung.change.said
        if rung.change.there and said != TOGETHER:
            yield f"{said}: without {_named(rung.change.there)}, which {spec.train.on} has already"
        match found.verdict(rung):
            case "better":
                yield f"{said}: better; {_better(rung.change, spec)}"
            case "worse":
                yield f"{said}: worse; {_worse(found, rung)}"
            case "no difference" if rung.change.noise:
                yield f"{said}: no difference, as it should be"
            case "no difference" if rung.change.dropped:
                yield f"{said}: no difference; the model is as good without, and simpler"
            case "cannot tell":
                yield f"{said}: cannot tell; {_untold(found, rung)}"
    yield f"next: goldloop train {spec.name} once {spec.file} or {spec.train.on} is changed"


def _named(features: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{view}.{feature}" for view, feature in features)


def _better(change: Change, spec: ModelSpec) -> str:
    if change.said == TOGETHER:
        return "the changes do not stand in each other's way"
    if change.noise:
        return "chance is read as worth here: take no gain of this size for real"
    if change.joined:
        return f"join it in the SQL of {spec.train.on} and of {spec.score.on} (training_set)"
    if change.added:
        return f"make it a feature: train.features of {spec.file}"
    if change.dropped:
        return f"leave it out: train.features.exclude in {spec.file}"
    if change.clean:
        return f"look at the labels of {spec.train.on}; wrong ones are there"
    if change.share is not None:
        return "the rows left out do harm; look at what is different about them"
    return "the model lacks rows; real ones are better than made-up ones"


def _worse(found: Experiment, rung: Rung) -> str:
    change = rung.change
    if change.said == TOGETHER:
        return "take those that are better by themselves"
    if change.dropped:
        return "what it leaves out is worth having"
    if change.noise:
        return "chance is not read as worth, and costs a little by overfitting"
    if change.share is not None:
        return "more rows are worth having: the curve still rises"
    if change.clean:
        where = " of the last fold" if found.folds else ""
        return f"the {rung.left_out:,} rows left out{where} were hard, not wrong"
    return "leave it as it is"


def _untold(found: Experiment, rung: Rung) -> str:
    if rung.gain is not None and rung.gain.low is None:
        return f"{found.metric} is not defined on these rows"
    if not found.folds:
        return "--folds 5 judges on more rows, where they can be cut so"
    return "more rows would tell, or a larger --matters"
