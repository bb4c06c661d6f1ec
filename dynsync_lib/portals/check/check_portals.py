"""Checks both portals before anything is pulled: what answers, what may be read, what is missing.

Facts
    * Nothing is written and no record is stored: one row of each table is read, counts, and what the portals say about
      themselves.
    * Each side is checked whatever the other one answers.

Source: portal-apis 9 (preflight order).

Where it is used: `kit.check`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import Settings
from dynsync_lib.errors import PortalError
from dynsync_lib.portals.check.dynamics import DynamicsCheck
from dynsync_lib.portals.check.hubspot import HubSpotCheck
from dynsync_lib.portals.check.lines import SETTINGS, CheckLine, CheckReport, fault_line
from dynsync_lib.portals.dataverse import reader as dataverse
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.hubspot import reader as hubspot
from dynsync_lib.portals.hubspot.paths import PATHS
from dynsync_lib.portals.pull.pull_portals import run_blocking
from dynsync_lib.portals.pull.table_puller import run_together
from dynsync_lib.portals.sign_in.connections import PEOPLE, PortalConnections

DEFAULT_PACE: Final = Pace(tries=3, longest_wait_s=30.0, timeout_s=60.0)


@dataclass(frozen=True, slots=True)
class Unset:
    """A side that is not checked, because something is not set.

    `missing` are sentences that say what; `is_begun`: something else of the side is set, so that this is a fault.
    """

    missing: Sequence[str]
    is_begun: bool


def check_portals(
    connections: PortalConnections,
    settings: Settings,
    *,
    unset: Mapping[System, Unset],
    pace: Pace = DEFAULT_PACE,
) -> CheckReport:
    """What the portals of the connections allow under these settings; sides in `unset` are not asked.

    Costs 10 to 15 requests per side, sent at once. Raises SafetyError for foreign hosts, SettingsError for a
    certificate that cannot be used.
    """
    return CheckReport(tuple(run_blocking(_Check(connections, settings, unset, pace).lines())))


@dataclass(frozen=True, slots=True)
class _Check:
    connections: PortalConnections
    settings: Settings
    unset: Mapping[System, Unset]
    pace: Pace

    async def lines(self) -> list[CheckLine]:
        sides = await run_together(self._side(System.HUBSPOT), self._side(System.DYNAMICS))
        return [line for side in sides for line in side]

    async def _side(self, system: System) -> list[CheckLine]:
        if system in self.unset:
            return [_unset_line(system, self.unset[system])]
        try:
            return await (self._hubspot() if system is System.HUBSPOT else self._dynamics())
        except PortalError as fault:
            return [fault_line(system, "sign-in", fault)]

    async def _hubspot(self) -> list[CheckLine]:
        async with hubspot.connect(self.connections, self.pace) as client:
            paths = PATHS[self.settings.hubspot.api_version]
            return await HubSpotCheck(client, self.connections.token, self._enabled(), paths, self.pace).lines()

    async def _dynamics(self) -> list[CheckLine]:
        async with dataverse.connect(self.connections, self.pace) as (client, auth):
            await auth.sign_in()
            is_person = self.connections.sign_in in PEOPLE
            check = DynamicsCheck(client, self._enabled(), self._written(), is_person, self.pace)
            return [_signed_in_line(self.connections), *await check.lines()]

    def _enabled(self) -> frozenset[Object]:
        return frozenset(object_ for object_, sync in self.settings.sync.items() if sync.enabled)

    def _written(self) -> frozenset[Object]:
        """The objects that the sync writes to Dynamics."""
        return frozenset(
            object_
            for object_, sync in self.settings.sync.items()
            if sync.enabled and sync.direction.writes_to(System.DYNAMICS)
        )


def _signed_in_line(connections: PortalConnections) -> CheckLine:
    ways = {"client_secret": "an app, by its secret", "certificate": "an app, by its certificate"}
    ways |= {"device_code": "a person, by device code", "browser": "a person, in the browser"}
    says = f"Signed in to {connections.dynamics_origin} as {ways[connections.sign_in]}."
    facts = {"url": str(connections.dynamics_origin), "sign_in": connections.sign_in}
    return CheckLine(System.DYNAMICS.value, "sign-in", "ok", says, facts=facts)


def _unset_line(system: System, unset: Unset) -> CheckLine:
    says = " ".join(unset.missing)
    step = "Set them in the environment or in a file .env beside the settings."
    return CheckLine(system.value, SETTINGS, "fault" if unset.is_begun else "not_checked", says, step)
