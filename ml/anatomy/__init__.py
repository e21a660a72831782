"""A fitted estimator taken apart into plain numbers, for whoever explains it or writes it out."""

from ml.anatomy.dissect import Anatomy, Opaque, dissect
from ml.anatomy.linear import Linear
from ml.anatomy.trees import Ensemble, Tree
from ml.anatomy.words import Words

__all__ = ["Anatomy", "Ensemble", "Linear", "Opaque", "Tree", "Words", "dissect"]
