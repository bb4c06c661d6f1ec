"""clients.toml: what each client of others does at the emulator, and how a row of it is tried.

A test module of a client holds `TRIES`, one function for each of its rows, and gives both to `try_operation`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

CLIENTS_FILE: Final = Path(__file__).with_name("clients.toml")
AS_DOCUMENTED: Final = "as documented"
REFUSED: Final = "refused by name"
_NAMES_ITSELF: Final = "The emulator (has|reads|makes|runs|answers) no"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one client: `result` is AS_DOCUMENTED or REFUSED; `note` may be empty."""

    portal: str
    client: str
    version: str
    operation: str
    result: str
    note: str


def all_operations() -> Iterator[Operation]:
    """Every row of clients.toml, in its order."""
    for client, facts in tomllib.loads(CLIENTS_FILE.read_text(encoding="utf-8")).items():
        for row in facts["operations"]:
            yield Operation(facts["portal"], client, facts["version"], **row)


def operations_of(client: str) -> list[Operation]:
    """The rows of one client."""
    return [row for row in all_operations() if row.client == client]


def module_of(client: str) -> str:
    """The name of the test module that tries a client: test_client_npm_azure_msal_node for @azure/msal-node."""
    name = client.lower().replace("@", "npm ")
    return f"test_client_{re.sub(r'[^a-z0-9]+', '_', name)}"


def each_operation(client: str) -> pytest.MarkDecorator:
    """Parametrises a test with the rows of one client, as `row`."""
    rows = operations_of(client)
    return pytest.mark.parametrize("row", rows, ids=[row.operation for row in rows])


def untried(client: str, tries: Iterable[str]) -> set[str]:
    """Operations that are only in clients.toml or only among those that are tried; empty when both are alike."""
    return {row.operation for row in operations_of(client)} ^ set(tries)


def try_operation(row: Operation, attempt: Callable[[], object]) -> None:
    """Runs what tries a row. One that is refused must raise an error in which the emulator names what it lacks."""
    if row.result == REFUSED:
        with pytest.raises(Exception, match=_NAMES_ITSELF):
            attempt()
    else:
        attempt()
