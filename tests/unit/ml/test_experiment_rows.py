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
from ml.experiment.synthetic import draw, with_made_up
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


def test_made_up_rows_are_of_the_earliest_time(world: World) -> None:
    stood = ground(world)
    times = changed(stood, Change("x", times=2.0), 0).parts.learnt.times
    assert times is not None
    assert set(times[480:]) == {stood.parts.learnt.times.min()}  # type: ignore[union-attr]


def many(rows: int = 4000) -> tuple[Rows, tuple[Column, ...]]:
    """Two classes: in one x and y rise together, in the other y falls; z is missing at times."""
    random = np.random.default_rng(5)
    labels = random.integers(0, 2, rows)
    x = random.exponential(size=rows)
    y = np.where(labels == 1, x, -x) + random.normal(size=rows) / 2
    z = np.where(random.random(rows) < 0.3, np.nan, x.round())
    text = np.where(x > 1, "long", "short")
    table = pa.table({"x": x, "y": y, "z": z, "t": text, "k": np.ones(rows)})
    columns = tuple(Column(name, "VARCHAR" if name == "t" else "DOUBLE") for name in "xyztk")
    return Rows(table, np.arange(rows), labels, None), columns


def test_made_up_numbers_are_related_as_those_of_their_class_are() -> None:
    rows, columns = many()
    both = with_made_up(rows, columns, 4000, seed=1)
    x, y, z, text, k = (both.table.column(at).to_numpy() for at in range(5))
    made = np.arange(8000) >= 4000
    for label in (0, 1):
        there, new = (both.labels == label) & ~made, (both.labels == label) & made
        # Ranks that are shared, as those of z, are related a little less.
        for one, other, off in ((x, y, 0.03), (x, z, 0.12), (y, z, 0.12)):
            told = [
                spearmanr(one[each], other[each], nan_policy="omit").statistic
                for each in (there, new)
            ]
            assert told[0] == pytest.approx(told[1], abs=off)
        for values in (x, y):
            assert set(values[new]) <= set(values[there])
            for share in (0.1, 0.5, 0.9):
                assert np.mean(values[new] <= np.quantile(values[there], share)) == pytest.approx(
                    share, abs=0.03
                )
    assert np.isnan(z[made]).mean() == pytest.approx(0.3, abs=0.03)
    assert both.labels[made].mean() == pytest.approx(rows.labels.mean(), abs=0.03)
    assert set(text[made]) == {"long", "short"}
    assert set(k[made]) == {1.0}
    # The rows there are come first and stay as they are.
    assert str(both.table.slice(0, 4000).to_pydict()) == str(rows.table.to_pydict())


def test_rows_are_made_up_of_a_class_of_one_row_and_of_numbers_nobody_has() -> None:
    random = np.random.default_rng(0)
    drawn = draw(np.array([[3.0, np.nan]]), 2, random)
    np.testing.assert_array_equal(drawn, [[3.0, np.nan]] * 2)


def test_a_label_that_is_a_number_is_drawn_with_the_rest() -> None:
    rows, columns = many(2000)
    x = rows.table.column(0).to_numpy()
    both = with_made_up(replace(rows, labels=x * 2), columns, 2000, seed=1)
    told = spearmanr(both.table.column(0).to_numpy()[2000:], both.labels[2000:]).statistic
    assert told > 0.99


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
