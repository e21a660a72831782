"""How photos are described: what a declaration may say of it, and what a version keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from ml.declaration.images import DESCRIBING, Descriptor

__all__ = ["Description"]


@dataclass(frozen=True)
class Description:
    """What is measured of a photo that is ``size`` pixels wide and high; ``descriptors`` in order.

    HOG and the grids of LBP and colour are cut into ``cells`` by ``cells``.
    """

    size: int = 128
    descriptors: tuple[Descriptor, ...] = get_args(Descriptor)
    cells: int = 8

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Description:
        """Return what ``params`` of an estimator, or what is kept of a version, say."""
        given = {name: value for name, value in params.items() if name in DESCRIBING}
        if "descriptors" in given:
            # One order, whatever the order they are declared in.
            named = given["descriptors"]
            given["descriptors"] = tuple(each for each in get_args(Descriptor) if each in named)
        return cls(**given)

    def kept(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "descriptors": list(self.descriptors)}
