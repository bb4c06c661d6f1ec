"""A Dataverse environment as its routes see it: its tables, and what the caller may do with them.

Where it is used: `emulator.dataverse.api`, `emulator.dataverse.routes`, `emulator.dataverse.functions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.dataverse.known_tables import no_such_set
from dynsync_lib.emulator.dataverse.names import BY_SET, Entity
from dynsync_lib.emulator.dataverse.privileges import APPEND_TO, READ, missing_privilege, privilege_name
from dynsync_lib.emulator.dataverse.writes import RowWriter
from dynsync_lib.emulator.store.records import Store, World


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: the world's organisation, its rows, and the rights that are switched on."""

    world: World
    store: Store
    conditions: Conditions

    @property
    def who(self) -> Mapping[str, str]:
        """The ids of the caller, its business unit and the organisation, as `WhoAmI` names them."""
        answer: Mapping[str, str] = self.world.organization["WhoAmI"]
        return answer

    @property
    def detail(self) -> Mapping[str, Any]:
        """What the organisation says of itself, as `RetrieveCurrentOrganization` names it."""
        answer: Mapping[str, Any] = self.world.organization["Detail"]
        chosen = self.conditions.portals.organization_type
        return answer if chosen is None else {**answer, "OrganizationType": chosen}

    def table(self, name: str) -> Entity:
        """The table of an entity set. Raises Refusal 404 for one that is not there, 501 for one the emulator lacks."""
        entity, missing = BY_SET.get(name), self.conditions.rights.missing_tables
        if entity is None or entity.logical in missing:
            raise no_such_set(name, missing)
        return entity

    def readable(self, call: Call) -> Entity:
        """The table that a call names. Raises Refusal 404 when there is none, 403 when the caller may not read it."""
        entity = self.table(call.names["set"])
        self.need(entity, READ)
        return entity

    def need(self, entity: Entity, allows: str) -> None:
        """Raises Refusal 403 when the caller lacks the privilege."""
        if entity.is_fixed and allows not in (READ, APPEND_TO):
            raise missing_privilege(entity, allows, user_id=self.who["UserId"])
        if privilege_name(entity, allows) in self.conditions.rights.missing_privileges:
            raise missing_privilege(entity, allows, user_id=self.who["UserId"])

    def writer(self, call: Call) -> RowWriter:
        """A writer of rows for this call, which checks the caller's privileges."""
        return RowWriter(self.store, call, self.need, self.who["UserId"])
