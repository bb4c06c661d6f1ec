"""clients.toml itself: every client has its tests, and the versions are those that are installed for them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.emulator.client_operations import AS_DOCUMENTED, REFUSED, all_operations, module_of, try_operation

ROOT = Path(__file__).resolve().parents[2]
ROWS = list(all_operations())
NODE_PACKAGES = Path(__file__).with_name("node") / "package.json"
PYPI_VERSIONS = (ROOT / "requirements.lock", Path(__file__).with_name("python_clients") / "requirements.txt")


def _versions() -> dict[str, str]:
    """The version of every package that tests may use, by its name."""
    texts = "\n".join(file.read_text(encoding="utf-8") for file in PYPI_VERSIONS)
    versions: dict[str, str] = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", texts, re.MULTILINE))
    if NODE_PACKAGES.is_file():
        versions |= json.loads(NODE_PACKAGES.read_text(encoding="utf-8"))["dependencies"]
    return versions


@pytest.mark.parametrize("client", sorted({row.client for row in ROWS}))
def test_a_client_has_a_module_of_tests(client: str) -> None:
    assert Path(__file__).with_name(f"{module_of(client)}.py").is_file()


@pytest.mark.parametrize(("client", "version"), sorted({(row.client, row.version) for row in ROWS}))
def test_the_version_is_the_one_that_is_installed(client: str, version: str) -> None:
    versions = _versions()
    assert versions.get(client, versions.get(client.lower())) == version


def test_no_operation_stands_twice() -> None:
    assert len({(row.client, row.operation) for row in ROWS}) == len(ROWS)


def test_results_are_one_of_two() -> None:
    assert {row.result for row in ROWS} <= {AS_DOCUMENTED, REFUSED}


def test_a_refusal_must_name_what_is_missing() -> None:
    row = next(iter(ROWS))
    refused = type(row)(row.portal, row.client, row.version, "x", REFUSED, "")
    with pytest.raises(AssertionError):
        try_operation(refused, lambda: _raise(ValueError("Bad request")))
    try_operation(refused, lambda: _raise(ValueError("501: The emulator has no GET /x.")))


def _raise(error: Exception) -> None:
    raise error
