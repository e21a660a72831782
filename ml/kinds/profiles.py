"""What each cluster is like: its features beside those of all rows, kept in SQL and in words."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

import numpy as np
from duckdb import DuckDBPyConnection

from ml.data.dataset import Rows
from ml.data.features import Feature
from ml.evaluation.metrics import Array, Codes
from ml.fitting.learning import encode
from ml.judgement_tables import CLUSTER_PROFILES
from ml.model import Model
from ml.tables import exists
from ml.versions.registry import ModelVersion

MISSING = "is missing"
# Of a feature so many categories are told of a cluster: those it has most more of.
_CATEGORIES = 5
# What is told in words: so many features, from so many standard deviations on.
_TOLD, _FAR = 5, 0.25


@dataclass(frozen=True)
class Profile:
    """One feature, or one ``value`` of it, in one cluster: a row of ``ml.cluster_profiles``."""

    cluster: int
    rows: int
    share: float
    feature: str
    value: str | None
    mean: float | None
    median: float | None
    whole_mean: float | None
    whole_median: float | None
    apart: float | None


def profiles_of(model: Model, rows: Rows) -> list[Profile]:
    """Return what each cluster of ``model`` has of each feature of ``rows``, largest first.

    Numbers with mean and median, of those that are there; of categories the five that are most over
    their share in the whole. Whether a value is missing is told as a category is.
    """
    inputs = encode(model.encoder, rows)
    codes = np.argmin(model.tell(inputs), axis=1)
    found: list[Profile] = []
    for cluster in np.unique(codes):
        inside = codes == cluster
        of_cluster = (int(cluster) + 1, int(inside.sum()), float(inside.mean()))
        each = [
            profile
            for at, feature in enumerate(model.encoder.features)
            for profile in _of_feature(of_cluster, feature, inputs[:, at], inside)
        ]
        found += sorted(each, key=lambda profile: -abs(profile.apart or 0.0))
    return found


def keep_profiles(
    conn: DuckDBPyConnection, version: ModelVersion, model: Model, rows: Rows
) -> None:
    """Keep what each cluster of ``version`` is like, by the ``rows`` it learnt from."""
    kept = [(version.model, version.version, *astuple(each)) for each in profiles_of(model, rows)]
    marks = ", ".join("?" * len(kept[0]))
    conn.executemany(f"insert into {CLUSTER_PROFILES.sql} values ({marks})", kept)


def told_clusters(conn: DuckDBPyConnection, version: ModelVersion) -> list[tuple[int, int, str]]:
    """Return number and rows of each cluster of ``version``, and what sets it apart, in words."""
    if version.task != "clustering" or not exists(conn, CLUSTER_PROFILES):
        return []
    rows = conn.execute(
        f"select * exclude (model, version) from {CLUSTER_PROFILES.sql} "
        "where model = ? and version = ? order by rowid",
        [version.model, version.version],
    ).fetchall()
    return clusters_in_words(Profile(*row) for row in rows)


def clusters_in_words(profiles: Iterable[Profile]) -> list[tuple[int, int, str]]:
    """Return number and rows of each cluster of ``profiles``, and what sets it apart."""
    found: dict[int, list[Profile]] = {}
    for each in profiles:
        found.setdefault(each.cluster, []).append(each)
    return [(number, each[0].rows, _in_words(each)) for number, each in found.items()]


def _in_words(profiles: list[Profile]) -> str:
    far = [each for each in profiles if abs(each.apart or 0.0) >= _FAR]
    return "; ".join(map(_told, far[:_TOLD])) or "like the whole"


def _told(each: Profile) -> str:
    if each.value is None:
        return f"{each.feature} {each.mean:.4g} (whole {each.whole_mean:.4g})"
    named = f"{each.feature} {MISSING}" if each.value == MISSING else f"{each.feature}={each.value}"
    return f"{named} {each.mean:.0%} (whole {each.whole_mean:.0%})"


def _of_feature(
    of_cluster: tuple[int, int, float], feature: Feature, values: Array, inside: Codes
) -> Iterator[Profile]:
    there = ~np.isnan(values)
    if feature.kind == "category":
        shares = [
            _flag(of_cluster, feature, name, values == code, inside)
            for code, name in enumerate(feature.categories)
        ]
        over = [each for each in shares if (each.apart or 0.0) > 0]
        yield from sorted(over, key=lambda each: -(each.apart or 0.0))[:_CATEGORIES]
    else:
        yield _number(of_cluster, feature, values[there], inside[there])
    if not there.all():
        yield _flag(of_cluster, feature, MISSING, ~there, inside)


def _number(
    of_cluster: tuple[int, int, float], feature: Feature, values: Array, inside: Codes
) -> Profile:
    mine, spread = values[inside.astype(bool)], float(values.std())
    whole = float(values.mean()), float(np.median(values))
    if not len(mine):
        return Profile(*of_cluster, feature.name, None, None, None, *whole, None)
    mean = float(mine.mean())
    apart = (mean - whole[0]) / spread if spread > 0 else 0.0
    return Profile(*of_cluster, feature.name, None, mean, float(np.median(mine)), *whole, apart)


def _flag(
    of_cluster: tuple[int, int, float], feature: Feature, value: str, has: Codes, inside: Codes
) -> Profile:
    share, whole = float(np.mean(has[inside.astype(bool)])), float(np.mean(has))
    spread = np.sqrt(whole * (1 - whole))
    apart = float((share - whole) / spread) if spread > 0 else 0.0
    return Profile(*of_cluster, feature.name, value, share, None, whole, None, apart)
