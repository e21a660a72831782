"""The contracts of what a sandbox has built, judged as of the release that it reads."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from rich.console import Console
from rich.markup import escape

from dataops.contracts import BLOCK, Contract, ContractResult, parse_contracts, verify
from dataops.manifest import REFERABLE, Manifest
from dataops.sandbox import Sandbox, borrowed, personal_columns
from dataops.sandbox.base import BASE, relations_of
from ml.errors import PipelineError
from ml.relation import Relation
from ml.tables import PREDICTIONS_SCHEMA
from orchestration.project import Project


def verify_built(
    project: Project, sandbox: Sandbox, manifest: Manifest, reached: Collection[str]
) -> list[ContractResult]:
    """Return what became of each contract check on a relation among ``reached``, built just now.

    Time is that of the release: how old its rows have become since is nothing a change did. A
    sample has none of the volumes that contracts speak of, and is not judged; nor is a masked
    column. Raises UsageError for a contract file that cannot be meant.
    """
    built = set(_relations(manifest, reached))
    contracts = [
        each for each in parse_contracts(project.folder / "contracts") if each.relation in built
    ]
    if sandbox.sample or not contracts:
        return []
    release = project.warehouse.find(sandbox.release)
    if sandbox.masked:
        contracts = _shown(contracts, Manifest.read(release.manifest), manifest)
    with sandbox.connect() as connection, borrowed(connection, relations_of(connection, BASE)):
        return [
            result
            for contract in contracts
            for result in verify(
                connection, contract, now=release.time, run_id=f"sandbox-{sandbox.name}"
            )
        ]


def require_kept(results: Collection[ContractResult]) -> None:
    """Raise PipelineError naming every check among ``results`` that would block a release."""
    blocking = [_sentence(result) for result in results if result.blocks]
    if blocking:
        raise PipelineError(
            "what was built breaks its contract:\n" + "\n".join(blocking),
            fix="mend the change, or the contract with its owner, then: goldloop ci",
        )


def print_contracts(results: Collection[ContractResult], console: Console) -> None:
    """Say how many checks passed, and what each of the others met."""
    if not results:
        return
    passed = sum(result.outcome == "passed" for result in results)
    console.print(f"contracts: {passed} of {len(results)} checks passed")
    for result in results:
        if result.outcome != "passed":
            colour, word = (
                ("red", "would block") if result.severity == BLOCK else ("yellow", "warn")
            )
            console.print(f"[{colour}]{word}[/] {escape(_sentence(result))}")


def _relations(manifest: Manifest, reached: Collection[str]) -> Iterator[Relation]:
    for id_ in reached:
        node = manifest.raw["nodes"].get(id_) or manifest.raw["exposures"].get(id_) or {}
        if node.get("resource_type") in REFERABLE:
            yield Relation(node["schema"], node["alias"])
        elif node.get("type") == "ml":
            yield Relation(PREDICTIONS_SCHEMA, node["name"])


def _shown(contracts: Collection[Contract], *manifests: Manifest) -> list[Contract]:
    """Return ``contracts`` without the checks of masked columns."""
    masked = personal_columns(*manifests)
    return [
        replace(
            each,
            checks=tuple(
                check for check in each.checks if check.column not in masked.get(each.relation, ())
            ),
        )
        for each in contracts
    ]


def _sentence(result: ContractResult) -> str:
    return f"{result.relation} {result.name} ({result.owner}): {result.message}"
