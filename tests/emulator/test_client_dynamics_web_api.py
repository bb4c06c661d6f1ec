"""dynamics-web-api, the widely used client of the Dataverse Web API for Node, tried operation by operation."""

from __future__ import annotations

from typing import Final

import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.client_operations import Operation, each_operation, try_operation, untried
from tests.emulator.client_runs import Results, attempt_of, run_node_client

CLIENT: Final = "dynamics-web-api"


@pytest.fixture(scope="module")
def results(_small: Emulator) -> Results:
    """What every operation ended with, in the small world as written."""
    _small.conditions.reset()
    _small.reseed()
    return run_node_client(CLIENT, "dynamics_web_api.js", _small)


def test_every_operation_is_tried(results: Results) -> None:
    assert untried(CLIENT, results) == set()


@each_operation(CLIENT)
def test_operation(row: Operation, results: Results) -> None:
    try_operation(row, attempt_of(results, row.operation))
