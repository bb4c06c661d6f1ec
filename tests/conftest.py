"""What holds for every test: the keyring of the person who runs them is not touched; seeds can be drawn afresh."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from dynsync_lib.messages import forget_secrets
from tests import everyday, fresh_seeds, lean_run
from tests.fresh_seeds import (  # noqa: F401 - hooks, for pytest
    pytest_configure,
    pytest_configure_node,
    pytest_runtest_makereport,
    pytest_sessionstart,
    pytest_unconfigure,
)
from tests.lean_run import pytest_collection, pytest_collection_finish  # noqa: F401 - hooks, for pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options `--fresh-seeds` and `--all`."""
    fresh_seeds.pytest_addoption(parser)
    everyday.pytest_addoption(parser)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The order of the tests, and the seed of the run."""
    lean_run.begin_with_the_longest(items)
    fresh_seeds.pytest_collection_modifyitems(config, items)


def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are cores: tests wait for servers, kernels and browsers."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


@pytest.fixture(autouse=True)
def no_secrets() -> None:
    """No secret that another test read is hidden."""
    forget_secrets()


@pytest.fixture(autouse=True, scope="session")
def no_keyring() -> Iterator[None]:
    """The operating system's keyring is not there; a test that wants one brings its own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield
