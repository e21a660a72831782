"""The plugin itself: the functions that the macros call, on every connection that dbt opens."""

from collections.abc import Mapping

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType

from ml.task_columns import written
from orchestration.dbt_plugin.desk import Desk

# What is told of a row; the macro casts the prediction to the label's type.
TOLD = "STRUCT(prediction VARCHAR, score DOUBLE)"
EXPLAINED = (
    "STRUCT(prediction VARCHAR, score DOUBLE, reasons STRUCT(feature VARCHAR, effect DOUBLE)[])"
)
AHEAD = {"as_of_date": "date", **written("forecast")}


def _list_of(columns: Mapping[str, str]) -> str:
    fields = ", ".join(f"{name} {type_.upper()}" for name, type_ in columns.items())
    return f"STRUCT({fields})[]"


class Plugin(BasePlugin):
    """Registers the functions that the macros call.

    ``goldloop`` and ``goldloop_rows`` answer a question in JSON and have effects, so that DuckDB
    asks each once; the others take a version's key and what it reads of a row: ``goldloop_tell``
    and ``goldloop_explain`` its features, the numbers as a list, ``goldloop_forecast`` the moments
    and values of a series, ``goldloop_recommend`` a user.
    """

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register the functions on ``conn``, which all threads of dbt share."""
        desk = Desk(conn)
        for name, asked in (("goldloop", desk.answer), ("goldloop_rows", desk.rows)):
            conn.create_function(name, asked, ["VARCHAR"], "VARCHAR", side_effects=True)
        for name, tell, type_ in (
            ("goldloop_tell", desk.tell, TOLD),
            ("goldloop_explain", desk.explain, EXPLAINED),
            ("goldloop_forecast", desk.tell, _list_of(AHEAD)),
            ("goldloop_recommend", desk.tell, _list_of(written("recommendation"))),
        ):
            # A null feature is a value like any other: without `special` DuckDB tells null of it.
            conn.create_function(
                name, tell, None, type_, type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )  # fmt: skip
