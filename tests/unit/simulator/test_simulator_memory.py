import tracemalloc

import numpy as np
import pytest

from simulator.clock import Calendar
from simulator.customers import CHUNK, Customers
from simulator.delivery import Delivery
from simulator.settings import Settings
from simulator.tables import CUSTOMERS
from simulator.truth import CALL_WINDOW_DAYS, TASK_WINDOW_DAYS
from simulator.windows import Window
from simulator.world import World


@pytest.mark.soak
def test_full_extracts_are_written_in_pieces(tmp_path):
    settings = Settings(days=1, customers=100_000)
    customers, calendar = Customers(settings), Calendar(settings.start)
    pieces = [len(piece) for piece in customers.extract(0, calendar)]
    assert max(pieces) <= CHUNK
    assert sum(pieces) == customers.known(1)
    with Delivery(tmp_path, settings, calendar) as delivery:
        tracemalloc.start()
        delivery.records(CUSTOMERS, 0, customers.extract(0, calendar))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert delivery.summary().tables["shop.customers"].bytes > 6e6
    assert peak < 20e6


def test_the_state_of_a_customer_takes_a_few_hundred_bytes():
    world = World(Settings(customers=10_000))
    parts = (world.customers, world.plans, world.consents)
    arrays = [v for part in parts for v in vars(part).values() if isinstance(v, np.ndarray)]
    sums = [world.plans.calls.sums, world.plans.tasks.sums]
    assert sum(array.nbytes for array in arrays + sums) < 250 * 10_000


@pytest.mark.soak
def test_what_waits_for_a_later_day_does_not_grow_with_the_days(tmp_path):
    settings = Settings(days=120, customers=150, dirt=0.1)
    world = World(settings)
    with Delivery(tmp_path, settings, world.calendar) as delivery:
        for day in range(settings.days):
            world.step(day, delivery)
            assert all(day < later <= day + 30 for later in world.sales.waiting)
            assert len(world.plans.calls) <= CALL_WINDOW_DAYS
            assert len(world.plans.tasks) <= TASK_WINDOW_DAYS
            assert len(world.supply.open_orders) < 60
            assert delivery.dirt.held < 300
    assert delivery.dirt.held == 0


def test_a_window_sums_its_days_as_a_brute_force_loop_does():
    rng = np.random.default_rng(0)
    window, days = Window(5, days=3, columns=2), []
    for _ in range(9):
        count = int(rng.integers(0, 6))
        entry = (rng.integers(0, 5, count), rng.normal(size=(count, 2)))
        days.append(entry)
        window.close_day(*entry)
        expected = np.zeros((5, 2))
        for who, values in days[-3:]:
            for person, value in zip(who, values, strict=True):
                expected[person] += value
        np.testing.assert_allclose(window.sums, expected, atol=1e-12)


def test_the_mean_of_an_empty_window_is_the_usual_value():
    window = Window(2, days=3, columns=2)
    window.close_day(np.array([1]), np.array([[1.0, 42.0]]))
    means = window.mean(np.array([0, 1]), column=1, count=0, otherwise=60.0)
    assert means.tolist() == [60.0, 42.0]
