"""Both portals and the sign-in, answering in this process from one store.

Where it is used: `emulator.serving.emulator`; one side of it in `emulator.serving.portal_process`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.dataverse.api import DataverseApi
from dynsync_lib.emulator.entra.sign_in import Entra
from dynsync_lib.emulator.entra.tokens import Device
from dynsync_lib.emulator.hubspot.api import HubspotApi
from dynsync_lib.emulator.store.records import Store, World

MOST_AT_ONCE: Final = 128
"""Requests that one portal answers at the same time: more than its own limit."""


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """Where the sign-in is reached, and the PEM text of the certificate that its client may use."""

    origin: str
    certificate: bytes


class Portals(Protocol):
    """What answers behind the listeners, and what the control plane may do with it."""

    def answer_hubspot(self, call: Call) -> Reply:
        """The reply to a call of the HubSpot API."""

    def answer_dynamics(self, call: Call) -> Reply:
        """The reply to a call of the Dataverse API."""

    def answer_tls(self, call: Call) -> Reply:
        """The reply to a call of the sign-in or of the Dataverse API."""

    def reseed(self) -> None:
        """Undoes all writes."""

    def devices(self) -> Sequence[Device]:
        """The device sign-ins that are not over, oldest first."""

    def decide_devices(self, decision: str, user_code: str | None) -> int:
        """Approves or declines pending device sign-ins; gives the number of them."""

    def close(self) -> None:
        """Ends what answers and removes its records."""


class PortalsHere:
    """`Portals` in threads of this process, with their records in the folder `state`, or in one that is removed.

    Raises InputFileError for a world with a fault.
    """

    def __init__(
        self, world: World, conditions: Conditions, sign_in_at: SignInPlace, state: Path | None = None
    ) -> None:
        tenant_id = str(world.organization["Detail"]["TenantId"])
        certificate = x509.load_pem_x509_certificate(sign_in_at.certificate)
        self.store = Store(world, state)
        self._entra = Entra(tenant_id, conditions, certificate=certificate)
        self._entra.origin = sign_in_at.origin
        self._hubspot = HubspotApi(world, self.store, conditions)
        self._dynamics = DataverseApi(world, self.store, conditions, self._entra)

    def answer_hubspot(self, call: Call) -> Reply:
        """The reply to a call of the HubSpot API."""
        return self._hubspot.answer(call)

    def answer_dynamics(self, call: Call) -> Reply:
        """The reply to a call of the Dataverse API."""
        return self._dynamics.answer(call)

    def answer_tls(self, call: Call) -> Reply:
        """The reply to a call of the sign-in or of the Dataverse API."""
        return self._entra.answer(call) if self._entra.owns(call.path) else self._dynamics.answer(call)

    def reseed(self) -> None:
        """Undoes all writes: records, properties and columns are as in the world again."""
        self.store.reseed()

    def devices(self) -> list[Device]:
        """The device sign-ins that are not over, oldest first."""
        return self._entra.book.devices()

    def decide_devices(self, decision: str, user_code: str | None) -> int:
        """Approves or declines pending device sign-ins; gives the number of them."""
        return self._entra.book.decide_devices(decision, user_code)

    def close(self) -> None:
        """Closes the store and removes its file."""
        self.store.close()
