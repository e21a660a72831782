"""The graph of SQL and ML models: what a change reaches, and in which order that is built."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from dataops.feedback.circles import Parents, lagged, parents

BUILT = ("model", "seed", "snapshot", "test", "unit_test")


@dataclass(frozen=True)
class Stage:
    """What dbt builds in one call, by unique id, and the ML models that come after it, by name."""

    nodes: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """The graph of a manifest (``raw``), closed by the ML models: exposure → its predictions."""

    raw: Mapping[str, Any]

    def reached(self, selected: Collection[str]) -> set[str]:
        """Return the unique ids ``selected`` and all that reads, or asks for, what they change.

        An ML model is reached when it is selected itself, or a relation it reads is.
        """
        reached, fed = set(selected), set[str]()
        for id_ in self._order:
            above = self._parents[id_]
            is_told = any(each in self._models and each in reached for each in above)
            if is_told or fed.intersection(above):
                fed.add(id_)
                reached.add(id_)
            elif id_ in self._models and reached.intersection(above):
                reached.add(id_)
        return reached

    def models(self, reached: Collection[str]) -> set[str]:
        """Return the names of the ML models among ``reached``."""
        return {self._models[id_] for id_ in reached if id_ in self._models}

    def stages(self, reached: Set[str]) -> list[Stage]:
        """Return what to build, stage by stage: after an ML model comes what reads from it."""
        levels: dict[str, int] = {}
        for id_ in self._order:
            # What an ML model tells stands a stage after the model itself.
            told = [levels[each] + 1 for each in self._parents[id_]
                    if each in self._models and each in reached]  # fmt: skip
            levels[id_] = max([*told, *(levels[each] for each in self._parents[id_])], default=0)
        last = max((levels[id_] for id_ in reached if id_ in levels), default=-1)
        stages = (self._stage(levels, reached, at) for at in range(last + 1))
        return [stage for stage in stages if stage.nodes or stage.models]

    def fqn(self, id_: str) -> str:
        """Return the name by which dbt selects ``id_`` and nothing else."""
        return ".".join(self._node(id_)["fqn"])

    def _stage(self, levels: Mapping[str, int], reached: Set[str], at: int) -> Stage:
        here = {id_ for id_ in reached if levels.get(id_) == at}
        # A lagged model reads what is built after it, too: that is built before it on what stood.
        here |= {
            door
            for each in lagged(self.raw)
            if each.id in here
            for door in each.doors
            if door in reached
        }
        nodes = tuple(id_ for id_ in sorted(here) if id_.split(".")[0] in BUILT)
        models = tuple(self._models[id_] for id_ in sorted(here) if id_ in self._models)
        return Stage(nodes, models)

    @cached_property
    def _models(self) -> Mapping[str, str]:
        return {
            id_: node["name"] for id_, node in self.raw["exposures"].items() if node["type"] == "ml"
        }

    @cached_property
    def _parents(self) -> Parents:
        return parents(self.raw)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(TopologicalSorter(self._parents).static_order())

    def _node(self, id_: str) -> Mapping[str, Any]:
        for part in ("nodes", "unit_tests"):
            if id_ in self.raw.get(part, {}):
                node: Mapping[str, Any] = self.raw[part][id_]
                return node
        raise KeyError(id_)
