import pytest

from tests.unit.ml.world import World, small_world


@pytest.fixture
def world() -> World:
    return small_world()
