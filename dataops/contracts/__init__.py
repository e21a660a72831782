"""Contracts: what the rows of a relation must be like, declared in files and verified by soda."""

from dataops.contracts.contract import BLOCK, WARN, Contract, ContractCheck, Severity
from dataops.contracts.parse import parse_contracts
from dataops.contracts.results import CONTRACT_RESULTS, ContractResult, keep_results
from dataops.contracts.verify import verify

__all__ = [
    "BLOCK",
    "CONTRACT_RESULTS",
    "WARN",
    "Contract",
    "ContractCheck",
    "ContractResult",
    "Severity",
    "keep_results",
    "parse_contracts",
    "verify",
]
