"""Whether made-up rows single real people out: much nearer to one record than to the next.

A copy, exact or with its numbers moved a little, lies beside one record and far from the others:
the distance to the nearest by that to the second nearest is near 0. Among strangers it is as small
by chance now and then, wherever they lie: the ratio knows no density, so a generator that puts more
rows where many people are is not taken for one that copies. Distances to the nearest alone are
compared by Meehan, Chaudhuri and Dasgupta (A non-parametric test to detect data-copying in
generative models, AISTATS 2020), region by region for that reason.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from ml.evaluation.metrics import Array

# How small a ratio is looked at: as so many of the strangers have, beyond those equal to a record.
LEVELS = (0.0, 0.005, 0.02)
# How often an honest set may be stopped by these, by chance.
CHANCE = 0.002
# A generator is not the world: so many rows more, and so many in proportion, are no copies.
_MORE, _IN_PROPORTION = 0.0025, 0.5


@dataclass(frozen=True)
class SingledOut:
    """How many made-up rows single a person out at one level, as shares, beside strangers.

    ``chance`` is how likely so many are where nobody is copied.
    """

    made: float
    real: float
    chance: float

    @property
    def told(self) -> str:
        """What speaks of copies, in words."""
        return f"singled_out {self.made:.1%} (of strangers {self.real:.1%})"

    @property
    def copied(self) -> bool:
        """Whether people are copied, beyond chance and beyond what is tolerated."""
        return self.chance < CHANCE / len(LEVELS)


def singled_out(made: Array, strangers: Array, weights: Array) -> list[SingledOut]:
    """Compare the ratios of made-up rows with those of strangers, level by level.

    Two real rows that are nearest to one another tell the same twice: ``weights`` are a half for
    such as may, 1 for others. Were nobody copied, all would be drawn from one urn, so the
    number of made-up rows met before the k-th stranger is negative hypergeometric.
    """
    order = np.argsort(strangers, kind="stable")
    ratios, met = strangers[order], np.cumsum(weights[order])
    equal = float(met[np.searchsorted(ratios, 0.0, "right") - 1]) if (ratios == 0).any() else 0.0
    urn = int(met[-1])
    found = []
    for level in LEVELS:
        rank = int(equal) + 1 + int(np.ceil(level * urn))
        if rank <= urn:
            bound = ratios[np.searchsorted(met, rank)]
            found.append(_compared(int((made < bound).sum()), len(made), rank, urn))
    return found


def _compared(below: int, made: int, rank: int, urn: int) -> SingledOut:
    share = rank / urn
    tolerated = int(made * (_MORE + _IN_PROPORTION * share))
    count, drawn = max(below - tolerated, 0), made - tolerated
    # So many made-up rows before the stranger of this rank: few strangers among the first.
    chance = float(hypergeom.cdf(rank - 1, drawn + urn, urn, count + rank - 1)) if count else 1.0
    return SingledOut(below / made, share, chance)
