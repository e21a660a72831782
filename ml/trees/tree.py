"""The trees of a fitted estimator as arrays, whatever class of scikit-learn they come from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEAF = -1
# Categories that a set can hold: their codes are below this.
CODES = 255


@dataclass(frozen=True)
class Tree:
    """One tree; its nodes are in any order, the root first.

    ``feature`` [nodes] is the encoder's column, LEAF at a leaf. A number goes left when it is at
    most ``threshold``, a missing value when ``missing_left``. Where ``member`` is not -1, the node
    asks for a category: a code goes left when ``members[member, code]`` [sets, CODES]. ``values``
    [nodes, width] are added to the outputs from ``first`` on; ``weights`` [nodes] are those of the
    rows learnt from that came by.
    """

    feature: Whole
    threshold: Array
    left: Whole
    right: Whole
    missing_left: Flags
    member: Whole
    members: Flags
    values: Array
    weights: Array
    first: int

    @property
    def leaves(self) -> int:
        """How many leaves it has."""
        return int(np.count_nonzero(self.feature == LEAF))


@dataclass(frozen=True)
class Trees:
    """Trees that are added up in their order onto ``base`` [outputs].

    ``categories`` are the columns that hold codes, as the encoder gives them; ``columns`` is how
    many columns it has. With ``narrow`` a number is rounded to float32 before it is compared.
    """

    each: tuple[Tree, ...]
    base: Array
    columns: int
    categories: frozenset[int]
    narrow: bool
