"""Predictions asked for as features, and what was told of each row of the small world."""

from datetime import datetime, timedelta

ASKED = {"score.as_feature": {"folds": 3}}
FIRST = datetime(2025, 1, 1)


def told(world, columns="feature_score", table="predictions.model"):
    return world.sql(f"select {columns} from {table} order by model_version, id")


def week(number):
    return FIRST + timedelta(days=7 * number)
