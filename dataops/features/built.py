"""The columns that a feature view has where it is built, which may lag behind what is described."""

import duckdb

from dataops.features.views import View
from ml.columns import Columns, describe
from ml.errors import PipelineError


def built_columns(connection: duckdb.DuckDBPyConnection, view: View) -> Columns:
    """Return the columns of ``view`` in the warehouse of ``connection``.

    Raises PipelineError when it does not have the view.
    """
    try:
        return describe(connection, view.relation)
    except duckdb.CatalogException as error:
        raise PipelineError(
            f"{view.relation} is not in the release", fix="type: goldloop run"
        ) from error
