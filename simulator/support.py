"""Calls to support: why they come, how they go, and what the callers think of them."""

import json

import numpy as np

from simulator.catalog import Products
from simulator.clock import DAY, Calendar
from simulator.customers import Customers, customer_ids
from simulator.delivery import Delivery
from simulator.names import FIRST
from simulator.streams import pick, stream
from simulator.tables import CALLS
from simulator.transcripts import Scene, transcript
from simulator.windows import Window

CALLS_A_DAY = 0.0060
TOPICS = ("delivery", "repair", "billing", "plan", "setup")
TOPIC_MOOD = np.array([-0.05, -0.15, -0.1, 0.05, 0.2])
TOPIC_RESOLVED = np.array([0.72, 0.58, 0.7, 0.8, 0.8])
TOPIC_LENGTH = np.array([0.0, 0.2, 0.0, -0.1, 0.25])
RATED_SHARE = 1 / 3
RATING_EDGES = (-0.95, -0.3, 0.35, 1.0)
AGENTS = 24


class Support:
    """Draws the calls. Their tone is latent: it colours the transcript and the rating."""

    def __init__(
        self,
        seed: int,
        calendar: Calendar,
        customers: Customers,
        products: Products,
        calls: Window,
    ) -> None:
        self._seed = seed
        self._calendar = calendar
        self._customers = customers
        self._products = products
        self._calls = calls
        self._numbers = 0

    def step(self, day: int, delivery: Delivery) -> None:
        """Deliver the calls of ``day``."""
        rng = stream(self._seed, "calls", day)
        who = self._callers(day, rng)
        topic = self._topics(day, who, rng)
        is_resolved = rng.random(len(who)) < TOPIC_RESOLVED[topic]
        tone = 0.25 + self._customers.mood[who] + TOPIC_MOOD[topic] - 0.55 * ~is_resolved
        tone = tone + rng.normal(0, 0.75, len(who))
        delivery.records(CALLS, day, [self._lines(day, who, topic, is_resolved, tone, rng)])
        self._customers.last_trouble_day[who[~is_resolved]] = day
        entries = np.column_stack([np.ones(len(who)), ~is_resolved, tone])
        self._calls.close_day(who, entries)

    def _callers(self, day: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the callers: more after an order, a repair, or a call that solved nothing."""
        customers = self._customers
        known = customers.known(day)
        weight = customers.call_rate[:known] * (
            1.0
            + 1.2 * (day - customers.last_order_day[:known] <= 7)
            + 8.0 * (day - customers.last_repair_day[:known] <= 14)
            + 3.0 * (day - customers.last_trouble_day[:known] <= 10)
        )
        usual = weight.sum(dtype=np.float64) * CALLS_A_DAY * self._calendar.calls_factor(day)
        return pick(rng, weight, rng.poisson(usual))

    def _topics(self, day: int, who: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        customers = self._customers
        chance = np.column_stack(
            [
                0.05 + 1.5 * (day - customers.last_order_day[who] <= 7),
                0.10 + 5.0 * (day - customers.last_repair_day[who] <= 14),
                np.full(len(who), 0.35),
                0.20 + 1.0 * (day - customers.last_plan_day[who] <= 21),
                np.full(len(who), 0.3),
            ]
        )
        edges = np.cumsum(chance, axis=1)
        return (edges < (rng.random(len(who)) * edges[:, -1])[:, None]).sum(axis=1)

    def _lines(
        self,
        day: int,
        who: np.ndarray,
        topic: np.ndarray,
        is_resolved: np.ndarray,
        tone: np.ndarray,
        rng: np.random.Generator,
    ) -> list[str]:
        count = len(who)
        seconds = np.sort(np.clip(rng.normal(13 * 3600, 3 * 3600, count), 7 * 3600, 20 * 3600))
        length = 5.6 + TOPIC_LENGTH[topic] + 0.3 * ~is_resolved - 0.06 * tone
        duration = np.exp(length + rng.normal(0, 0.4, count)).astype(np.int64) + 30
        ratings = _ratings(tone, is_resolved, rng)
        agents = rng.integers(1, AGENTS + 1, count)
        texts = self._transcripts(who, topic, is_resolved, tone, rng)
        first = self._numbers + 1
        self._numbers += count
        return [
            f'{{"call_id":"CL{first + i:08}","customer_id":"{customer}","agent_id":"A{agent:03}",'
            f'"topic":"{TOPICS[about]}","transcript":{json.dumps(text, ensure_ascii=False)},'
            f'"duration_seconds":{lasted},"satisfaction_rating":{rating or "null"},'
            f'"is_resolved":{"true" if solved else "false"},"started_at":"{when}"}}'
            for i, (customer, agent, about, text, lasted, rating, solved, when) in enumerate(
                zip(
                    customer_ids(who),
                    agents.tolist(),
                    topic.tolist(),
                    texts,
                    duration.tolist(),
                    ratings.tolist(),
                    is_resolved.tolist(),
                    self._calendar.json_stamps(seconds.astype(np.int64) + day * DAY),
                    strict=True,
                )
            )
        ]

    def _transcripts(
        self,
        who: np.ndarray,
        topic: np.ndarray,
        is_resolved: np.ndarray,
        tone: np.ndarray,
        rng: np.random.Generator,
    ) -> list[str]:
        names = [FIRST[i] for i in self._customers.first[who].tolist()]
        devices = [self._products.names[i] for i in self._customers.owned[who].tolist()]
        return [
            transcript(Scene(TOPICS[about], feeling, solved, name, device), rng)
            for about, feeling, solved, name, device in zip(
                topic.tolist(), tone.tolist(), is_resolved.tolist(), names, devices, strict=True
            )
        ]


def _ratings(tone: np.ndarray, is_resolved: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ratings from 1 to 5; 0 where none was given."""
    opinion = 0.95 * tone + 0.35 * is_resolved + rng.normal(0, 0.4, len(tone))
    rating = 1 + np.searchsorted(RATING_EDGES, opinion)
    return np.where(rng.random(len(tone)) < RATED_SHARE, rating, 0)
