"""Turns a call into its transcript: what is said follows the tone, but loosely."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator import phrases

# How far single remarks stray from the caller's mood: the more, the harder to read it from words.
STRAY = 0.85
POSITIVE_ABOVE, NEGATIVE_BELOW = 0.65, -0.45
DRAWS = 64


@dataclass(frozen=True)
class Scene:
    """A call: its topic, its latent tone, whether it helped, who called, and about which device."""

    topic: str
    tone: float
    is_resolved: bool
    name: str
    device: str


class _Lots:
    """Uniform numbers drawn at once: one by one they would cost more than the text."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._numbers = rng.random(DRAWS).tolist()

    def number(self) -> float:
        return self._numbers.pop()

    def of(self, choices: Sequence[str]) -> str:
        return choices[int(self.number() * len(choices))]


def transcript(scene: Scene, rng: np.random.Generator) -> str:
    """Return the dialogue of ``scene``: a line a turn, opened by ``Agent:`` or ``Customer:``."""
    lots = _Lots(rng)
    moods = _moods(scene.tone, rng)
    turns = [
        "Agent: " + lots.of(phrases.GREETINGS),
        "Customer: " + lots.of(phrases.OPENINGS[scene.topic]),
    ]
    for mood in moods[:-1]:
        turns.append("Agent: " + lots.of(phrases.QUESTIONS))
        turns.append("Customer: " + _remark(mood, lots))
    turns.append(lots.of(phrases.SOLVED if scene.is_resolved else phrases.UNSOLVED))
    turns.append("Customer: " + lots.of(phrases.CLOSINGS[moods[-1]]))
    return _filled("\n".join(turns), scene, lots)


def _moods(tone: float, rng: np.random.Generator) -> list[str]:
    """Draw the mood of each of the customer's turns after the opening, the closing included."""
    turns = int(rng.integers(3, 7))
    return [
        "positive" if felt > POSITIVE_ABOVE else "negative" if felt < NEGATIVE_BELOW else "neutral"
        for felt in (tone + rng.normal(0, STRAY, turns)).tolist()
    ]


def _remark(mood: str, lots: _Lots) -> str:
    if mood == "neutral":
        return lots.of(phrases.NEUTRAL)
    said = lots.of(phrases.POSITIVE if mood == "positive" else phrases.NEGATIVE)
    # People wrap what they feel in what they came to say.
    return f"{lots.of(phrases.NEUTRAL)} {said}" if lots.number() < 0.4 else said


def _filled(text: str, scene: Scene, lots: _Lots) -> str:
    fillings = {slot: lots.of(choices) for slot, choices in phrases.FILLINGS.items()}
    number = int(lots.number() * 900_000)
    return text.format(
        **fillings,
        name=scene.name,
        device=scene.device,
        order=f"O{number:09}",
        short=f"{number % 10_000:04}",
        amount=f"{number % 400 + 5}.{number % 90 + 10}",
    )
