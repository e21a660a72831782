"""What customers do in the app: sessions of tasks, each started and then completed or abandoned."""

import numpy as np

from simulator.clock import DAY, Calendar
from simulator.customers import Customers, customer_ids
from simulator.delivery import Delivery
from simulator.streams import pick, stream
from simulator.tables import EVENTS
from simulator.windows import Window

SESSIONS_A_DAY = 0.034
PLATFORMS, PLATFORM_SHARES = ("ios", "android", "web"), (0.38, 0.42, 0.2)
PLATFORM_FACTOR = np.array([0.95, 1.0, 1.1])
TASKS = ("track_order", "book_repair", "manage_plan", "pay_invoice", "browse")
USUAL_SECONDS = np.array([38.0, 75.0, 60.0, 52.0, 66.0])
TASK_COUNTS, TASK_COUNT_SHARES = (1, 2, 3, 4), (0.45, 0.3, 0.17, 0.08)
LONGEST_SECONDS = 900.0
LATEST_SECOND = DAY - 3700


class App:
    """Draws the app's events; the same customer is slow, or quick, again and again."""

    def __init__(self, seed: int, calendar: Calendar, customers: Customers, tasks: Window) -> None:
        self._seed = seed
        self._calendar = calendar
        self._customers = customers
        self._tasks = tasks
        self._events = 0
        self._sessions = 0

    def step(self, day: int, delivery: Delivery) -> None:
        """Deliver the events of ``day``."""
        rng = stream(self._seed, "app", day)
        who, task_counts, begin = self._sessions_of(day, rng)
        session = np.repeat(np.arange(len(who)), task_counts)
        person = who[session]
        task = self._tasks_of(day, person, rng)
        platform = rng.choice(len(PLATFORMS), len(who), p=PLATFORM_SHARES)[session]
        slow = np.exp(self._customers.slowness[person] + rng.normal(0, 0.38, len(person)))
        seconds = USUAL_SECONDS[task] * PLATFORM_FACTOR[platform] * slow
        seconds = np.round(np.clip(seconds, 2.0, LONGEST_SECONDS), 1)
        stuck = np.log(seconds / USUAL_SECONDS[task])
        is_abandoned = rng.random(len(person)) < 1 / (1 + np.exp(2.3 - 1.1 * stuck))
        started, ended = _moments(session, begin, seconds, rng)
        columns = (session, person, platform, task, seconds, is_abandoned, started, ended)
        delivery.records(EVENTS, day, [self._lines(day, columns)])
        self._sessions += len(who)
        self._tasks.close_day(person, np.column_stack([np.ones(len(person)), seconds]))

    def _sessions_of(
        self, day: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        customers = self._customers
        known = customers.known(day)
        recently = day - customers.last_order_day[:known] <= 5
        weight = customers.app_use[:known] * (1 + 0.8 * recently)
        count = rng.poisson(weight.sum() * SESSIONS_A_DAY)
        who = pick(rng, weight, count)
        tasks = rng.choice(TASK_COUNTS, len(who), p=TASK_COUNT_SHARES)
        begin = np.clip(rng.normal(16 * 3600, 4 * 3600, len(who)), 5 * 3600, LATEST_SECOND)
        return who, tasks, np.sort(begin)

    def _tasks_of(self, day: int, person: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw what each task is: what happened lately to the customer decides."""
        customers = self._customers
        chance = np.column_stack(
            [
                0.15 + 1.2 * (day - customers.last_order_day[person] <= 5),
                0.06 + 1.0 * (day - customers.last_repair_day[person] <= 10),
                0.25 + 0.6 * (day - customers.last_plan_day[person] <= 14),
                np.full(len(person), 0.2),
                np.full(len(person), 0.4),
            ]
        )
        edges = np.cumsum(chance, axis=1)
        return (edges < (rng.random(len(person)) * edges[:, -1])[:, None]).sum(axis=1)

    def _lines(self, day: int, columns: tuple[np.ndarray, ...]) -> list[str]:
        session, person, platform, task, seconds, is_abandoned, started, ended = columns
        opening = [
            f'"customer_id":"{customer}","session_id":"SS{number:09}",'
            f'"platform":"{PLATFORMS[p]}","task":"{TASKS[t]}","event_name":"task_'
            for customer, number, p, t in zip(
                customer_ids(person),
                (session + self._sessions + 1).tolist(),
                platform.tolist(),
                task.tolist(),
                strict=True,
            )
        ]
        ends = ["abandoned" if gone else "completed" for gone in is_abandoned.tolist()]
        bodies = [f'{text}started","seconds":null' for text in opening]
        bodies += [
            f'{text}{end}","seconds":{taken}'
            for text, end, taken in zip(opening, ends, seconds.tolist(), strict=True)
        ]
        moments = np.concatenate([started, ended])
        order = np.argsort(moments, kind="stable")
        stamps = self._calendar.json_stamps(moments[order] + day * DAY)
        first = self._events + 1
        self._events += len(bodies)
        return [
            f'{{"event_id":"E{first + i:010}",{bodies[at]},"occurred_at":"{when}"}}'
            for i, (at, when) in enumerate(zip(order.tolist(), stamps, strict=True))
        ]


def _moments(
    session: np.ndarray, begin: np.ndarray, seconds: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each task, in seconds of the day; tasks of a session follow each other."""
    pauses = rng.exponential(12.0, len(session))
    spent = np.cumsum(seconds + pauses)
    first = np.flatnonzero(np.diff(session, prepend=-1))
    counts = np.diff(np.append(first, len(session)))
    before_session = np.repeat((spent - seconds - pauses)[first], counts)
    ended = begin[session] + spent - before_session
    started = ended - seconds
    latest = DAY - 1
    return (
        np.minimum(started, latest).astype(np.int64),
        np.minimum(np.ceil(ended), latest).astype(np.int64),
    )
