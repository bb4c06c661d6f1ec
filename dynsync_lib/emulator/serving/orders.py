"""What the emulator and the process of one portal say to each other.

Facts
    * These stand apart from the process itself, whose module Python calls by another name when it runs.

Where it is used: `emulator.serving.portal_process`, `emulator.serving.portals_apart`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switches import PortalFacts, Rights, SignInSwitches
from dynsync_lib.emulator.serving.portals_here import SignInPlace
from dynsync_lib.emulator.store.records import Row, World
from dynsync_lib.errors import DynsyncError


@dataclass(frozen=True, slots=True)
class OneSide:
    """A world with the tables of one portal alone, `hubspot` or `dynamics`; also what the process is started with.

    `state` is the folder of its records, None for one that is removed.
    """

    portal: str
    whole: World
    sign_in_at: SignInPlace
    state: Path | None

    @property
    def tables(self) -> Mapping[str, Iterable[Row]]:
        """The tables of that portal."""
        prefix = f"{self.portal}/"
        return {name: rows for name, rows in self.whole.tables.items() if name.startswith(prefix)}

    @property
    def account(self) -> Mapping[str, Any]:
        """What HubSpot says of itself."""
        return self.whole.account

    @property
    def organization(self) -> Mapping[str, Any]:
        """What Dynamics says of itself."""
        return self.whole.organization


@dataclass(frozen=True, slots=True)
class Switched:
    """What the control plane has switched; `limits` None leaves the limits and what was used of them."""

    rights: Rights
    sign_in: SignInSwitches
    portals: PortalFacts
    limits: Limits | None


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do: the name of a method of `Portals`, its arguments, and what is new of the switches."""

    number: int
    method: str
    arguments: tuple[Any, ...]
    switched: Switched | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an order gave, or what it raised."""

    number: int
    value: Any
    error: DynsyncError | None
