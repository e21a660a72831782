"""The dbt-duckdb plugin that trains and asks ML models from SQL.

A profile names it: ``plugins: [{module: orchestration.dbt_plugin}]``. The macros beside it are what
the SQL of a project calls. To import it is to import dbt's adapter: no command of ours does.
"""

from orchestration.dbt_plugin.plugin import Plugin

__all__ = ["Plugin"]
