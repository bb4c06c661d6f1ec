"""What the sync of one object works with: the plan, both sides' records, the mappings that can flow.

Where it is used: every module of this folder that decides about one object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dynsync_lib.core.model import Object, System
from dynsync_lib.emulator.witness.kinds import column_of
from dynsync_lib.emulator.witness.owners import OwnerBook, owner_book
from dynsync_lib.emulator.witness.plan import ObjectPlan, PlanMapping, SyncPlan, table_of
from dynsync_lib.emulator.witness.witness_store import Record, Store

PEOPLE = (Object.CONTACT, Object.LEAD)
"""The objects whose records are persons."""


@dataclass(frozen=True, slots=True)
class Job:
    """The sync of one object.

    `mappings` are those whose two columns were delivered; the others only give new records what their source holds.
    """

    store: Store
    plan: SyncPlan
    object: Object
    mappings: tuple[PlanMapping, ...]
    owners: OwnerBook

    @property
    def own(self) -> ObjectPlan:
        """The plan of this object."""
        return self.plan.of(self.object)

    @property
    def is_about_people(self) -> bool:
        """Whether the records are persons."""
        return self.object in PEOPLE

    def choice(self, assumption: str) -> str:
        """The choice in force for an assumption."""
        return self.plan.choice(assumption)

    def records(self, system: System) -> Sequence[Record]:
        """The records of one side, in the order of delivery."""
        return self.store.records(system, table_of(self.object, system))

    def delivers(self, system: System, column: str) -> bool:
        """Whether a side delivered a column."""
        return column in self.store.columns(system, table_of(self.object, system))


def job_of(store: Store, plan: SyncPlan, object_: Object) -> Job:
    """The sync of one object under a plan."""
    job = Job(store, plan, object_, (), owner_book(store))
    live = tuple(
        mapping
        for mapping in plan.of(object_).mappings
        if all(job.delivers(side, column_of(side, mapping.side(side))) for side in System)
    )
    return Job(store, plan, object_, live, job.owners)
