"""Earlier models of a version, by which its predictions can be features.

A prediction used as a feature must not come from a model that has learnt from its row or from
anything later. With ``score.as_feature`` a version is kept with models of the same declaration,
each learnt from what came before a moment, and a row is told by the last one before it.
"""
