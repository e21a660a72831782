"""Rows that come and go: made-up rows, contradicted labels; the rows judged never change."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from ml.columns import Column
from ml.data.dataset import Rows, find_training_set
from ml.data.dataset import read as read_rows
from ml.data.holdout import hold_out
from ml.errors import PipelineError
from ml.experiment.change import Change
from ml.experiment.confident import contradicted
from ml.experiment.data import Ground, changed
from ml.experiment.synthetic import with_made_up
from ml.fitting.learning import stop_split
from ml.synthetic.trees import draw
from tests.unit.ml.world import NOW, World

HELD = "day >= date '2025-01-01' + 56"


def ground(world: World) -> Ground:
    spec = world.spec()
    found = find_training_set(world.conn, spec, world.relations, NOW)
    rows = read_rows(world.conn, found)
    declared = frozenset(column.name for column in found.features)
    return Ground(spec, found, declared, rows, hold_out(spec, found, rows))


@pytest.mark.parametrize(
    "change",
    [
        Change("made up", times=3.0),
        Change("fewer", share=0.3),
        Change("cleaned", clean=True),
        Change("everything", noise=True, clean=True, share=0.8, times=2.0),
    ],
)
def test_the_rows_judged_are_those_there_are_whatever_is_learnt_from(
    world: World, change: Change
) -> None:
    stood = ground(world)
    held, before = changed(stood, change, 0).parts.held, stood.parts.held
    assert held.at.tolist() == before.at.tolist()
    assert held.labels.tolist() == before.labels.tolist()
    shown = held.features.select(range(4)).to_pydict()
    # As text, in which missing equals missing.
    assert str(shown) == str(before.features.to_pydict())


def test_made_up_rows_know_nothing_of_the_rows_judged(world: World) -> None:
    world.sql(f"update gold.trn set a = 999, b = 999, c = 'pink' where {HELD}")
    learnt = changed(ground(world), Change("x", times=3.0), 0).parts.learnt
    assert len(learnt.labels) == learnt.features.num_rows == 3 * 480
    values = learnt.features.to_pydict()
    assert max(values["c0"]) < 999
    assert np.nanmax(values["c1"]) < 999
    assert "pink" not in values["c2"]


def test_an_estimator_that_stops_early_is_stopped_by_real_rows(world: World) -> None:
    learnt = changed(ground(world), Change("x", times=2.0), 0).parts.learnt
    assert learnt.made_up is not None
    assert learnt.made_up.tolist() == [False] * 480 + [True] * 480
    spec = world.spec(
        {"estimator": {"preset": "boosted_trees", "params": {"early_stopping": True}}}
    )
    ways = stop_split(spec, learnt)
    assert ways is not None
    assert not learnt.made_up[ways[1]].any()


def many(rows: int = 4000) -> tuple[Rows, tuple[Column, ...]]:
    """Two classes: in one x and y rise together, in the other y falls; z is missing at times."""
    random = np.random.default_rng(5)
    labels = random.integers(0, 2, rows)
    x = random.exponential(size=rows)
    y = np.where(labels == 1, x, -x) + random.normal(size=rows) / 2
    z = np.where(random.random(rows) < 0.3, np.nan, x.round())
    text = np.where(x > 1, "long", "short")
    name = [f"name {at}" for at in range(rows)]
    table = pa.table({"x": x, "y": y, "z": z, "t": text, "k": np.ones(rows), "n": name})
    types = ("DOUBLE", "DOUBLE", "DOUBLE", "VARCHAR", "BOOLEAN", "VARCHAR")
    columns = tuple(map(Column, "xyztkn", types))
    return Rows(table, np.arange(rows), labels, None), columns


def test_made_up_rows_are_those_that_goldloop_synthetic_draws() -> None:
    rows, columns = many()
    both = with_made_up(rows, columns, 3000, seed=1, classes=True)
    x, y, z, text, k = (rows.table.column(at).to_numpy() for at in range(5))
    known = np.column_stack([rows.labels, x, y, z, text == "short", k]).astype(float)
    drawn = draw(known, [True, False, False, False, True, True], 3000, 100, 1).rows
    made = both.table.slice(4000)
    assert both.labels[4000:].tolist() == drawn[:, 0].tolist()
    for at in range(3):
        np.testing.assert_array_equal(made.column(at).to_numpy(), drawn[:, at + 1])
    assert (made.column(3).to_numpy() == np.where(drawn[:, 4] == 1, "short", "long")).all()
    assert set(made.column(4).to_pylist()) == {1.0}
    # What names a person stays empty, as it does there.
    assert made.column(5).null_count == 3000
    # The rows there are come first and stay as they are.
    assert str(both.table.slice(0, 4000).to_pydict()) == str(rows.table.to_pydict())


def test_made_up_numbers_are_related_as_those_of_their_class_are() -> None:
    rows, columns = many()
    both = with_made_up(rows, columns, 4000, seed=1, classes=True)
    x, y = (both.table.column(at).to_numpy() for at in range(2))
    made = np.arange(8000) >= 4000
    for label in (0, 1):
        there, new = (both.labels == label) & ~made, (both.labels == label) & made
        told = [spearmanr(x[each], y[each]).statistic for each in (there, new)]
        assert told[0] == pytest.approx(told[1], abs=0.05)


def test_a_label_that_is_a_number_is_drawn_with_the_rest() -> None:
    rows, columns = many(2000)
    x = rows.table.column(0).to_numpy()
    both = with_made_up(replace(rows, labels=x * 2), columns, 2000, seed=1, classes=False)
    told = spearmanr(both.table.column(0).to_numpy()[2000:], both.labels[2000:]).statistic
    assert told > 0.95


def test_times_groups_and_marks_of_made_up_rows_are_their_own() -> None:
    rows, columns = many(1000)
    own = replace(
        rows,
        times=np.arange(1000),
        groups=np.arange(1000) // 3,
        marks=np.zeros(1000, dtype=bool),
    )
    both = with_made_up(own, columns, 500, seed=1, classes=True).take(np.arange(900, 1500))
    assert both.times is not None
    assert both.groups is not None
    assert both.marks is not None
    assert both.times[100:].min() >= 0
    assert both.times[100:].max() < 1000
    assert len(set(both.groups[100:].tolist()) - set(range(1000))) == 500
    assert not both.marks.any()


def blobs(rows: int = 900) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three classes well apart, and which of the labels are flipped."""
    random = np.random.default_rng(3)
    truth = random.integers(0, 3, rows)
    features = random.normal(size=(rows, 2)) + 6 * np.eye(3, 2)[truth]
    flipped = random.random(rows) < 0.08
    return features, np.where(flipped, (truth + 1) % 3, truth), flipped


def test_labels_that_were_flipped_are_contradicted_and_few_others() -> None:
    features, labels, flipped = blobs()
    told = cross_val_predict(LogisticRegression(), features, labels, cv=5, method="predict_proba")
    found = contradicted(labels, told)
    assert found[flipped].mean() > 0.8
    assert found[~flipped].mean() < 0.02


def test_contradicted_rows_are_those_off_the_diagonal_of_the_confident_joint() -> None:
    """The definition of Northcutt et al., row by row."""
    random = np.random.default_rng(1)
    told = random.dirichlet([1, 2, 3], 200)
    labels = np.array([random.choice(3, p=each) for each in told])
    least = [told[labels == code, code].mean() for code in range(3)]
    for row, label in enumerate(labels):
        above = [code for code in range(3) if told[row, code] >= least[code]]
        joint = max(above, key=lambda code: told[row, code]) if above else label
        assert contradicted(labels, told)[row] == (joint != label)


def test_flipped_labels_of_the_rows_learnt_from_are_left_out(world: World) -> None:
    world.sql("update gold.trn set y = a > 0.5")
    flipped = "hash(id, 'f') % 15 = 0"
    world.sql(f"update gold.trn set y = not y where {flipped} and not {HELD}")
    data = changed(ground(world), Change("x", clean=True), 0)
    wrong = data.parts.learnt.labels != (data.parts.learnt.features.column(0).to_numpy() > 0.5)
    ((there,),) = world.sql(f"select count(*) from gold.trn where {flipped} and not {HELD}")
    assert there > 25
    assert wrong.sum() < there * 0.4
    assert data.left_out == 480 - len(data.parts.learnt.labels) < there * 1.5


def test_labels_that_are_all_contradicted_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.experiment.data.contradicted", lambda labels, told: labels == 1)
    with pytest.raises(PipelineError, match="every label of a class of 'y' is contradicted"):
        changed(ground(world), Change("x", clean=True), 0)
