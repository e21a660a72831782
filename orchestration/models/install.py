"""`goldloop models install`: the macros of ML models in a project, and its profile's plugin."""

from pathlib import Path

from rich.console import Console

from orchestration.features.commands import install_into
from orchestration.models.macros import ML_MACROS, MODULE


def install_models(folder: Path | None) -> None:
    """Write the macros into the project and say what its profile has to name."""
    install_into(folder, ML_MACROS)
    console = Console(soft_wrap=True, markup=False)
    console.print(f"name the plugin in profiles.yml: plugins: [{{module: {MODULE}}}]")
    console.print("next: a model with materialized='ml_model' (docs/how-to/ml-from-sql.md)")
