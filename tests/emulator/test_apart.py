"""The demo's portals in a process of their own."""

from __future__ import annotations

import sys

import httpx
import pytest

from dynsync_lib.emulator.serving import demo_process
from dynsync_lib.emulator.world.demo_world import build_world
from dynsync_lib.errors import DynsyncError


def test_portals__both_answer_until_they_are_left() -> None:
    with demo_process.DemoPortals() as portals:
        served = portals.wait_until_served()
        for name in ("hubspot", "dynamics"):
            assert httpx.get(served.addresses[name]["url"]).status_code < 600
    for name in ("hubspot", "dynamics"):
        with pytest.raises(httpx.ConnectError):
            httpx.get(served.addresses[name]["url"])


def test_portals__settings_are_those_of_the_demo_world() -> None:
    with demo_process.DemoPortals() as portals:
        assert portals.wait_until_served().settings == build_world().settings


def test_portals__are_gone_when_asked_to_stop_before_they_served() -> None:
    with demo_process.DemoPortals() as portals:
        portals.ask_to_stop()
    assert portals.exit_code == 0


def test_portals__that_end_too_early_are_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_process, "_CALL", (sys.executable, "-c", ""))
    with demo_process.DemoPortals() as portals, pytest.raises(DynsyncError, match="ended before they answered"):
        portals.wait_until_served()
