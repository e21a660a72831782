"""The picture of an experiment: what is written never lies over what is drawn."""

from xml.etree import ElementTree

import pytest
from PIL import ImageFont

from ml.evaluation.bootstrap import Interval
from ml.experiment.change import DECLARED, Change
from ml.experiment.result import Experiment, Rung
from orchestration.experiment.forest_plot import forest_plot

SVG = "{http://www.w3.org/2000/svg}"
# The font of a browser may run wider than the one that Pillow brings.
WIDER = 1.2
LONG = "--with ftr_customer_tasks.average_task_seconds_30_days"


def rung(said: str, value: float | None, low: float | None, high: float | None) -> Rung:
    return Rung(Change(said), Interval(0.7), Interval(value, low, high), 10, 3, 0, (0.7,))


def drawn(*rungs: Rung, matters: float = 0.0077) -> ElementTree.Element:
    declared = Rung(DECLARED, Interval(0.7), None, 10, 3, 0, (0.7,))
    found = Experiment("churn", "roc_auc", 16546, 5, (0,), matters, declared, rungs)
    return ElementTree.fromstring(forest_plot(found))


def ends(text: ElementTree.Element) -> tuple[float, float]:
    """Where a text begins and ends."""
    size = float(text.get("font-size") or 13)
    length = WIDER * ImageFont.load_default(size).getlength(text.text or "")
    begins = float(text.get("x", 0)) - (length / 2 if text.get("text-anchor") == "middle" else 0)
    return begins, begins + length


@pytest.mark.parametrize("said", ["a", "--without a", LONG, LONG + "_and_more"])
@pytest.mark.parametrize("scale", [0.01, 1, 100_000])
def test_no_text_reaches_the_plot_or_the_edge(said: str, scale: float) -> None:
    rows = [rung(said, -0.9, -1.0, -0.8), rung("--with noise", 0.9, -0.1, 1.0)]
    rows = [rung(r.change.said, *(scale * (e or 0) for e in
                 (r.gain.value, r.gain.low, r.gain.high))) for r in rows if r.gain]  # fmt: skip
    picture = drawn(*rows)
    marks = [float(line.get(end, 0)) for line in picture.iter(f"{SVG}line") for end in ("x1", "x2")]
    named = {said, "--with noise"}
    for text in picture.iter(f"{SVG}text"):
        begins, stops = ends(text)
        assert begins >= 0
        assert stops <= float(picture.get("width", 0))
        if text.text in named:
            assert stops < min(marks)
        elif str(text.text).split()[-1] in ("worse", "tell", "better"):
            assert begins > max(marks)


def test_what_has_no_interval_keeps_its_row_and_is_called_not_defined() -> None:
    picture = drawn(rung("--with a", None, None, None), rung("--with b", 0.01, 0.005, 0.02))
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert texts.count("not defined") == 1
    assert {"--with a", "--with b", "+0.0100 better"} < set(texts)
    assert len(list(picture.iter(f"{SVG}circle"))) == 1


def test_the_picture_says_what_is_drawn() -> None:
    (caption,) = [
        text.text or "" for text in drawn(rung("x", 1.0, 0.5, 2.0)).iter(f"{SVG}text")
        if "95 %" in (text.text or "")
    ]  # fmt: skip
    for part in ("interval", "right of 0 is better", "band", "0.0077 makes no difference"):
        assert part in caption
