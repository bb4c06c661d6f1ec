"""Opens both test portals: the gates first, and only when both give leave the clients that can write.

Facts
    * Each side has a client that can only read and, beside it, one that can only send the listed writes. Both share
      the limits, which are the token's.
    * When one side is no test portal, the other one is not written to either.

Where it is used: whatever seeds, runs and cleans rehearsals.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RecordTable
from dynsync_lib.errors import UsageError
from dynsync_lib.portals.dataverse import reader as dataverse
from dynsync_lib.portals.http.caller import client_timeout
from dynsync_lib.portals.http.pace import Pace
from dynsync_lib.portals.http.transport import network
from dynsync_lib.portals.hubspot import reader as hubspot
from dynsync_lib.portals.hubspot.paths import DEFAULT_VERSION, PATHS
from dynsync_lib.portals.sign_in.auth import BearerAuth
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.rehearsal.gate import Gate, Permit, dynamics_gate, hubspot_gate
from dynsync_lib.rehearsal.writing.batches import MOST_PER_BATCH, chunks
from dynsync_lib.rehearsal.writing.caller import WritingCaller
from dynsync_lib.rehearsal.writing.dataverse import DataverseWriter
from dynsync_lib.rehearsal.writing.hubspot import HubSpotWriter
from dynsync_lib.rehearsal.writing.transport import WritingTransport

DEFAULT_PACE: Final = Pace()
ODATA_HEADERS: Final = {"OData-MaxVersion": "4.0", "OData-Version": "4.0"}


@dataclass(frozen=True, slots=True)
class HubSpotTestPortal:
    """A HubSpot portal that the gate gave leave for: what reads from it, and what writes to it."""

    permit: Permit
    reader: hubspot.HubSpotReader
    writer: HubSpotWriter
    token: str = field(default="", repr=False)

    async def property_group(self, object_: Object) -> str:
        """A group of an object's properties that is there, for new properties. Costs one request."""
        groups = await self.reader.read_property_groups(object_)
        return groups[0] if groups else f"{object_.value}information"


@dataclass(frozen=True, slots=True)
class DynamicsTestPortal:
    """A Dataverse environment that the gate gave leave for: what reads from it, and what writes to it."""

    permit: Permit
    reader: dataverse.DataverseReader
    writer: DataverseWriter


@dataclass(frozen=True, slots=True)
class TestPortals:
    """Both test portals, open."""

    __test__ = False  # for pytest: this is no test

    hubspot: HubSpotTestPortal
    dynamics: DynamicsTestPortal

    def writer(self, system: System) -> HubSpotWriter | DataverseWriter:
        """What creates and updates records of a system."""
        return self.hubspot.writer if system is System.HUBSPOT else self.dynamics.writer

    async def remove(self, table: RecordTable, ids: Iterable[str]) -> list[str]:
        """Removes records of a table, a request for each batch; the ids of those that the portal did not remove."""
        refused: list[str] = []
        for batch in chunks(ids, MOST_PER_BATCH):
            if table.system is System.HUBSPOT:
                await self.hubspot.writer.archive(table.own_object, batch)
            else:
                refused += await self.dynamics.writer.delete(table.own_object, batch)
        return refused


@asynccontextmanager
async def open_test_portals(
    connections: PortalConnections,
    pace: Pace = DEFAULT_PACE,
    *,
    version: str = DEFAULT_VERSION,
    known: dataverse.KnownTables | None = None,
) -> AsyncIterator[TestPortals]:
    """Both portals of the connections, open within the context; `version` is that of HubSpot's API.

    What is asked of the tables of Dynamics is added to `known`.

    Raises UsageError when a side is left out, ProductionPortalError when one is not known to be for tests, and as the
    sign-in does.
    """
    hubspot_origin, dynamics_origin = connections.hubspot_origin, connections.dynamics_origin
    if hubspot_origin is None or dynamics_origin is None:
        raise UsageError(
            "A rehearsal needs two test portals, and one of them is not set.",
            next_step="Set [rehearsal.hubspot] and [rehearsal.dynamics] of the settings, or give --emulator.",
        )
    async with AsyncExitStack() as stack:
        hubspot_client = await stack.enter_async_context(hubspot.connect(connections, pace))
        dynamics_client, auth = await stack.enter_async_context(dataverse.connect(connections, pace))
        await auth.sign_in()
        networks = [network(origin, ca_file=connections.ca_file) for origin in (hubspot_origin, dynamics_origin)]
        sides = (
            Side(hubspot_client, BearerAuth(connections.token), networks[0]),
            Side(dynamics_client, auth, networks[1]),
        )
        yield await join_portals(stack, *sides, pace, token=connections.token, version=version, known=known)


@dataclass(frozen=True, slots=True)
class Side:
    """What it takes to write to one portal: the client that reads from it, what signs requests, and the way there."""

    client: httpx.AsyncClient
    auth: httpx.Auth
    inner: httpx.AsyncBaseTransport


async def join_portals(
    stack: AsyncExitStack,
    hubspot_side: Side,
    dynamics_side: Side,
    pace: Pace,
    *,
    token: str,
    version: str,
    known: dataverse.KnownTables | None = None,
) -> TestPortals:
    """Both portals over clients that read from them; what writes is closed with the stack.

    Raises ProductionPortalError when one is not known to be for tests: then nothing is opened that could write.
    """
    hubspot_reader = hubspot.HubSpotReader(hubspot_side.client, pace, version=version)
    dynamics_reader = dataverse.DataverseReader(dynamics_side.client, pace, known)
    gates = hubspot_gate(hubspot_reader.caller, version=version), dynamics_gate(dynamics_reader.caller)
    permits = [await gate.ask() for gate in gates]
    clients = [
        await stack.enter_async_context(_writing_client(permit, gate, side, pace))
        for permit, gate, side in zip(permits, gates, (hubspot_side, dynamics_side), strict=True)
    ]
    callers = (
        WritingCaller(clients[0], hubspot_reader.caller, gates[0]),
        WritingCaller(clients[1], dynamics_reader.caller, gates[1]),
    )
    return TestPortals(
        HubSpotTestPortal(permits[0], hubspot_reader, HubSpotWriter(callers[0], PATHS[version]), token),
        DynamicsTestPortal(permits[1], dynamics_reader, DataverseWriter(callers[1], dynamics_reader)),
    )


def _writing_client(permit: Permit, gate: Gate, side: Side, pace: Pace) -> httpx.AsyncClient:
    origin = side.client.base_url
    transport = WritingTransport(permit, gate, origin, side.inner)
    headers = {"Accept": "application/json", **({} if permit.system is System.HUBSPOT else ODATA_HEADERS)}
    return httpx.AsyncClient(
        base_url=origin, auth=side.auth, transport=transport, timeout=client_timeout(pace), headers=headers
    )
