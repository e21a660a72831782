"""Feast, polars and pandas on the benchmark's files; run by their own environment's Python.

``python feature_peers.py PEER FOLDER VIEW,…`` prints one JSON document with the seconds from files
to the result in memory and the peak memory in GB, and leaves the result as ``FOLDER/PEER.parquet``.
"""

import importlib.metadata
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

TTL = timedelta(days=30)
KEY, AS_OF, EVENT, KNOWN = "customer_id", "as_of_at", "event_at", "known_at"


def of_feast(folder: Path, views: list[str]) -> Any:
    """Feast's historical retrieval on DuckDB, with the cut by created timestamp on."""
    import pandas as pd
    from feast import Entity, FeatureView, FileSource, ValueType

    store = _feast_store(folder / "feast")
    customer = Entity(name="customer", join_keys=[KEY], value_type=ValueType.INT64)
    declared = [
        FeatureView(
            name=view,
            entities=[customer],
            ttl=TTL,
            source=FileSource(
                path=str(folder / f"{view}.parquet"),
                timestamp_field=EVENT,
                created_timestamp_column=KNOWN,
            ),
        )
        for view in views
    ]
    store.apply([customer, *declared])
    asked = [f"{view.name}:{field.name}" for view in declared for field in
             store.get_feature_view(view.name).features]  # fmt: skip

    def work() -> Any:
        spine = pd.read_parquet(folder / "spine.parquet").rename(columns={AS_OF: "event_timestamp"})
        job = store.get_historical_features(
            entity_df=spine, features=asked, filter_by_created_timestamp=True
        )
        return job.to_arrow()

    return work


def _feast_store(repo: Path) -> Any:
    """Make a new Feast repository whose offline store is DuckDB."""
    from feast import FeatureStore, RepoConfig

    shutil.rmtree(repo, ignore_errors=True)
    repo.mkdir()
    config = RepoConfig(
        project="bench",
        provider="local",
        registry=str(repo / "registry.db"),
        offline_store={"type": "duckdb"},
        online_store={"type": "sqlite", "path": str(repo / "online.db")},
        entity_key_serialization_version=3,
    )
    return FeatureStore(config=config)


def of_polars(folder: Path, views: list[str]) -> Callable[[], Any]:
    """`join_asof` on what became available, without what a newer fact came before."""
    import polars as pl

    def work() -> Any:
        result = pl.read_parquet(folder / "spine.parquet").sort(AS_OF)
        for view in views:
            facts = pl.read_parquet(folder / f"{view}.parquet")
            facts = facts.with_columns(pl.max_horizontal(EVENT, KNOWN).alias("available_at"))
            facts = facts.sort("available_at", EVENT, KNOWN)
            facts = facts.filter(pl.col(EVENT) == pl.col(EVENT).cum_max().over(KEY))
            names = [name for name in facts.columns if name.startswith(view)]
            joined = result.join_asof(
                facts, left_on=AS_OF, right_on="available_at", by=KEY,
                strategy="backward", check_sortedness=False,
            )  # fmt: skip
            holds = pl.col(EVENT) >= pl.col(AS_OF) - TTL
            kept = [pl.when(holds).then(pl.col(name)).alias(name) for name in names]
            result = joined.with_columns(kept).drop(EVENT, KNOWN, "available_at")
        return result.to_arrow()

    return work


def of_pandas(folder: Path, views: list[str]) -> Callable[[], Any]:
    """`merge_asof`, prepared in the same way."""
    import pandas as pd

    def work() -> Any:
        result = pd.read_parquet(folder / "spine.parquet").sort_values(AS_OF)
        for view in views:
            facts = pd.read_parquet(folder / f"{view}.parquet")
            facts["available_at"] = facts[[EVENT, KNOWN]].max(axis=1)
            facts = facts.sort_values(["available_at", EVENT, KNOWN])
            facts = facts[facts[EVENT] == facts.groupby(KEY)[EVENT].cummax()]
            names = [name for name in facts.columns if name.startswith(view)]
            result = pd.merge_asof(result, facts, left_on=AS_OF, right_on="available_at", by=KEY)
            holds = result[EVENT] >= result[AS_OF] - TTL
            result[names] = result[names].where(holds)
            result = result.drop(columns=[EVENT, KNOWN, "available_at"])
        return result

    return work


PEERS = {"feast": of_feast, "polars": of_polars, "pandas": of_pandas}


def main() -> None:
    """Measure one peer once."""
    peer, folder, views = sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(",")
    work = PEERS[peer](folder, views)
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    told = {
        "seconds": seconds,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "version": importlib.metadata.version(peer),
    }
    import pandas as pd

    frame = result if isinstance(result, pd.DataFrame) else result.to_pandas()
    frame.to_parquet(folder / f"{peer}.parquet")
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
