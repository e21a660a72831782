"""Names of tables, quoted once and in one place."""

from dataclasses import dataclass


def quote(identifier: str) -> str:
    """Return ``identifier`` as a quoted SQL identifier, whatever characters it holds."""
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True)
class Relation:
    """A table or view of the warehouse."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The quoted name as SQL reads it."""
        return f"{quote(self.schema)}.{quote(self.name)}"

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"
