"""Other ways to score, run by the peers' own interpreter: ``<peer> <folder> <preset>``.

Prints the seconds of one scoring after a small one that warms it up, as JSON. A peer that cannot do
the case fails with its own words.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skops.io

_WARM = 1000


def main() -> None:
    """Measure the peer that the command line names."""
    name, folder, preset = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    estimator = _estimator(folder, preset)
    if name == "pandas":
        found = {"seconds": pandas_way(folder, preset, estimator)}
    else:
        matrix = np.load(folder / "matrix.npy")
        tell = _ENGINES[name](estimator, matrix, folder)
        tell(matrix[:_WARM])
        start = time.perf_counter()
        told = tell(matrix)
        found = {"seconds": time.perf_counter() - start}
        if name != "lleaves":
            # What lleaves tells is another model's: LightGBM's own, grown with the same limits.
            found["differs"] = float(np.abs(told - estimator.predict_proba(matrix)[:, 1]).max())
    sys.stdout.write(json.dumps({**found, "version": version(name)}) + "\n")


def pandas_way(folder: Path, preset: str, estimator: Any) -> float:
    """Read the table as a frame, encode and predict by a pipeline, insert the frame."""
    import duckdb

    codes = json.loads((folder / f"{preset}.json").read_text(encoding="utf-8"))
    pipeline = _pipeline(codes, estimator)
    with duckdb.connect(folder / "warehouse.duckdb", config={"threads": 2}) as conn:
        conn.execute(
            "create or replace table theirs (id bigint, as_of_date date, prediction boolean, "
            "score double, model_name varchar, model_version integer, run_id varchar, "
            "scored_at timestamp)"
        )
        pipeline.predict_proba(conn.execute(f"from gold.ftr limit {_WARM}").df()[list(codes)])
        start = time.perf_counter()
        frame = conn.execute("from gold.ftr").df()
        told = pipeline.predict_proba(frame[list(codes)])[:, 1]
        made = frame[["id", "day"]].assign(prediction=told > 0.5, score=told)
        conn.register("made", made)
        conn.execute("insert into theirs select *, 'bench', 1, 'bench', now()::timestamp from made")
        return time.perf_counter() - start


def _pipeline(codes: dict[str, list[str]], estimator: Any) -> Any:
    """Return the fitted estimator behind the codes of categories, in a user's own pipeline."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    texts = [name for name, values in codes.items() if values]
    encode = OrdinalEncoder(
        categories=[codes[name] for name in texts],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
    )
    columns = ColumnTransformer(
        [("numbers", "passthrough", [n for n in codes if n not in texts]), ("texts", encode, texts)]
    )
    first = {name: [values[0] if values else 0.0] for name, values in codes.items()}
    return Pipeline([("encode", columns.fit(pd.DataFrame(first))), ("model", estimator)])


def onnx(estimator: Any, matrix: Any, folder: Path) -> Callable[[Any], Any]:
    """Run the project's own export, whose trees read doubles; what it reads is made beforehand."""
    import onnxruntime

    codes = json.loads((folder / "boosted_trees.json").read_text(encoding="utf-8"))
    session = onnxruntime.InferenceSession(folder / "boosted_trees.onnx")
    given = {}
    for (name, values), column in zip(codes.items(), matrix.T, strict=True):
        if values:
            names = np.array([*values, "no such value"], dtype=object)
            column = names[np.where(np.isnan(column), len(values), column).astype(np.int64)]
        given[name] = np.ascontiguousarray(column)[:, None]

    def tell(rows: Any) -> Any:
        asked = {name: column[: len(rows)] for name, column in given.items()}
        return session.run(["score"], asked)[0]

    return tell


def treelite(estimator: Any, matrix: Any, folder: Path) -> Callable[[Any], Any]:
    """Compile to C by Treelite and tl2cgen."""
    import tl2cgen
    import treelite.sklearn

    library = folder / "treelite.so"
    if not library.exists():
        tl2cgen.export_lib(
            treelite.sklearn.import_model(estimator), toolchain="gcc", libpath=str(library)
        )
    predictor = tl2cgen.Predictor(str(library))
    return lambda rows: predictor.predict(tl2cgen.DMatrix(rows, dtype="float64")).reshape(-1)


def lleaves(estimator: Any, matrix: Any, folder: Path) -> Callable[[Any], Any]:
    """Grow trees of the same number and size by LightGBM, and compile them by lleaves."""
    import lightgbm
    import lleaves as compiler

    text = folder / "lightgbm.txt"
    if not text.exists():
        rows = matrix[:100_000]
        data = lightgbm.Dataset(rows, estimator.predict(rows).astype(int))
        params = {"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": 2}
        lightgbm.train(params, data, num_boost_round=100).save_model(text)
    model = compiler.Model(model_file=str(text))
    model.compile(cache=str(folder / "lleaves.bin"))
    return lambda rows: model.predict(rows, n_jobs=2)


def orbital(estimator: Any, matrix: Any, folder: Path) -> Callable[[Any], Any]:
    """Write the model as SQL."""
    import orbital as writer
    from orbital.types import DoubleColumnType
    from sklearn.pipeline import Pipeline

    columns = {f"f{at}": DoubleColumnType() for at in range(matrix.shape[1])}
    parsed = writer.parse_pipeline(Pipeline([("model", estimator)]), features=columns)
    writer.export_sql("rows", parsed, dialect="duckdb")
    raise SystemExit("it writes this model as SQL now: measure it")


_ENGINES: dict[str, Callable[[Any, Any, Path], Callable[[Any], Any]]] = {
    "onnxruntime": onnx,
    "treelite": treelite,
    "lleaves": lleaves,
    "orbital": orbital,
}


def _estimator(folder: Path, preset: str) -> Any:
    """Load what the benchmark itself has just written."""
    data = (folder / f"{preset}.skops").read_bytes()
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))["estimator"]


if __name__ == "__main__":
    main()
