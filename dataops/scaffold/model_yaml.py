"""The declaration of a new ML model, with the criterion that it has to meet."""

from collections.abc import Iterator

from dataops.scaffold.asked_model import AskedModel
from dataops.scaffold.text import folded, quoted

# What no baseline has, or, of few columns, every baseline keeps whole.
_BY_ITSELF = {
    "explained_variance": "at_least: 0.5",
    "stability": "at_least: 0.5",
    "flagged_share": "at_most: 0.2",
    "flagged_gap": "at_most: 0.1",
    "item_coverage": "at_least: 0.05, judge: value",
}
# How many steps a season has, by what one step is.
_SEASONS = {"minute": 60, "hour": 24, "day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}


def exposure_yaml(asked: AskedModel) -> str:
    """Return the declaration with its problem card."""
    email = f", email: {quoted(asked.email)}" if asked.email else ""
    read = [f"ref('{name}')" for name in dict.fromkeys((asked.train_on, asked.score_on))]
    lines = [
        "exposures:",
        f"  - name: {asked.name}",
        "    type: ml",
        *folded("description", asked.question, 4),
        f"    owner: {{name: {quoted(asked.owner)}{email}}}",
        f"    depends_on: [{', '.join(read)}]",
        "    config:",
        "      meta:",
        "        ml:",
        "          problem:",
        *folded("question", asked.question, 12),
        *folded("decision", asked.decision, 12),
        "            baseline: prior",
        "            success:",
        f"              - {{metric: {asked.metric}, {_criterion(asked)}}}",
        "          train:",
        *_train(asked),
        f"          estimator: {{preset: {asked.preset}, {_params(asked)}seed: 0}}",
        *_tune(asked),
        "          score:",
        f'            "on": {asked.score_on}',
        f"            key: [{', '.join(quoted(column.name) for column in asked.key)}]",
        f"            time: {quoted(asked.score_time.name)}",
    ]
    return "\n".join(lines) + "\n"


def _train(asked: AskedModel) -> Iterator[str]:
    names = [column.name for column in (*asked.key, asked.item) if column]
    yield f'            "on": {asked.train_on}'
    if asked.label:
        yield f"            label: {quoted(asked.label.name)}"
    yield f"            key: [{', '.join(map(quoted, names))}]"
    for key, column in (("item", asked.item), ("rating", asked.rating)):
        if column:
            yield f"            {key}: {quoted(column.name)}"
    yield f"            time: {quoted(asked.time.name)}"
    if asked.task == "forecast":
        yield "            # The last horizons are held out, each told from what came before it."
        yield f"            series: {{every: {asked.every}, horizon: {asked.horizon}}}"
        return
    if asked.task in ("classification", "regression"):
        yield "            # If a label looks ahead, say how many days: embargo_days."
    yield "            split: {by: time, test: 0.2}"


def _criterion(asked: AskedModel) -> str:
    if asked.metric in _BY_ITSELF:
        return _BY_ITSELF[asked.metric]
    # It is the baseline of every forecast itself, and can be no better.
    own = ", judge: value" if asked.preset == "seasonal_naive" else ""
    return f"beats_baseline_by: 0{own}"


def _tune(asked: AskedModel) -> Iterator[str]:
    """Yield the search for how many clusters there are: any number that is not theirs is worse."""
    if asked.task == "clustering":
        yield "          tune: {params: {n_clusters: [2, 3, 4, 5, 6, 8]}, trials: 6}"


def _params(asked: AskedModel) -> str:
    if asked.every is None:
        return ""
    return f"params: {{season_length: {_SEASONS[asked.every]}}}, "
