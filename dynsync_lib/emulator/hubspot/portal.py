"""A HubSpot portal as its routes see it: its records, what it says of itself, and what the token may do.

Where it is used: `emulator.hubspot.api`, `emulator.hubspot.routes` and what answers there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.hubspot.errors import no_scope
from dynsync_lib.emulator.hubspot.names import KINDS, Kind
from dynsync_lib.emulator.hubspot.records import find_kind
from dynsync_lib.emulator.store.records import Store, World

STATIC_TOKEN = "pat-eu1-emulator-demo"  # noqa: S105 - opens nothing but the emulator


def read_token(call: Call) -> str:
    """The token of `Authorization: Bearer token`, spelled exactly so with one space; empty for anything else.

    Blanks around the whole header do not matter (corrections F15).
    """
    scheme, _, token = call.header("authorization").strip(" \t").partition(" ")
    return token if scheme == "Bearer" and not any(sign.isspace() for sign in token) else ""


@dataclass(frozen=True, slots=True)
class Portal:
    """One portal: the world's account, its records, and the rights that are switched on."""

    world: World
    store: Store
    conditions: Conditions

    @property
    def account(self) -> Mapping[str, Any]:
        """What the account says of itself, as HubSpot's account details name it."""
        account: Mapping[str, Any] = self.world.account
        chosen = self.conditions.portals.account_type
        return account if chosen is None else {**account, "accountType": chosen}

    @property
    def portal_id(self) -> int:
        """The portal's number."""
        return int(self.world.account["portalId"])

    def knows(self, token: str) -> bool:
        """Whether a token opens the portal."""
        return token == STATIC_TOKEN or token in self.conditions.rights.tokens

    def scopes(self, token: str) -> frozenset[str]:
        """The scopes of a token."""
        rights = self.conditions.rights
        granted = rights.tokens.get(token, rights.scopes)
        return ALL_SCOPES if granted is None else frozenset(granted)

    def need(self, call: Call, *scopes: str) -> None:
        """Raises Refusal 403 when the token has none of these scopes."""
        if not set(scopes) & self.scopes(read_token(call)):
            raise no_scope(call, scopes)

    def readable(self, call: Call, name: str = "type") -> Kind:
        """The object type that a path names.

        Raises Refusal 400 for an unknown one, 403 when the token may not read it.
        """
        kind = find_kind(call, call.names[name])
        self.need(call, kind.scope)
        return kind

    def writable(self, call: Call, name: str = "type") -> Kind:
        """The object type that a path names.

        Raises Refusal 400 for an unknown one, 403 when the token may not write it.
        """
        kind = find_kind(call, call.names[name])
        self.need(call, kind.write_scope)
        return kind


ALL_SCOPES = frozenset(
    [
        "oauth",
        "crm.objects.owners.read",
        "crm.export",
        *(f"crm.objects.{kind.plural}.{what}" for kind in KINDS for what in ("read", "write")),
        *(f"crm.schemas.{kind.plural}.{what}" for kind in KINDS for what in ("read", "write")),
    ]
)
