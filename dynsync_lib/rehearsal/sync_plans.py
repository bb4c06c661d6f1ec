"""Settings and fields of a snapshot as the witness wants them.

Where it is used: `rehearsal.running`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.filter_tree import text_of
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import ObjectSync, Settings
from dynsync_lib.emulator.witness.plan import ObjectPlan, PlanField, PlanMapping, SyncPlan, table_of

Fields = Mapping[tuple[System, Object, str], PlanField]


def sync_plan(settings: Settings, fields: Iterable[Field], taken_at: datetime, rulebook: Rulebook) -> SyncPlan:
    """The initial sync that the settings describe; `fields` are those of both systems, `taken_at` has a zone."""
    return SyncPlan(
        objects=object_plans(settings.sync, fields),
        taken_at=taken_at,
        top_level_domains=frozenset(rulebook.top_level_domains),
        assumptions=settings.assumptions,
        creates_companies=settings.hubspot.auto_create_companies == "on",
        free_mail_domains=frozenset(rulebook.free_mail_domains),
    )


def object_plans(syncs: Mapping[Object, ObjectSync], fields: Iterable[Field]) -> dict[Object, ObjectPlan]:
    """What is wanted of each object."""
    known = {(field.system, field.object, field.name): plan_field(field) for field in fields}
    return {object_: _object_plan(object_, sync, known) for object_, sync in syncs.items()}


def _object_plan(object_: Object, sync: ObjectSync, fields: Fields) -> ObjectPlan:
    tables = {system: table_of(object_, system) for system in System}
    own_keys = {System.HUBSPOT: sync.match_hubspot, System.DYNAMICS: sync.match_dynamics}
    ends = [(fields.get((System.HUBSPOT, tables[System.HUBSPOT], pair.hubspot)), pair) for pair in sync.mappings]
    mappings = [
        PlanMapping(hubspot, dynamics, pair.direction, pair.options)
        for hubspot, pair in ends
        if hubspot is not None and (dynamics := fields.get((System.DYNAMICS, object_, pair.dynamics))) is not None
    ]
    return ObjectPlan(
        enabled=sync.enabled,
        direction=sync.direction,
        conflict_winner=sync.conflict_winner,
        filter_to_hubspot=text_of(sync.filter_to_hubspot),
        filter_to_dynamics=text_of(sync.filter_to_dynamics),
        mappings=tuple(mappings),
        has_default_mappings=sync.default_mappings,
        stages=sync.stages,
        fields={
            system: {name: field for (side, owner, name), field in fields.items() if (side, owner) == (system, table)}
            for system, table in tables.items()
        },
        match_mode=sync.match_mode,
        match_fields={system: name for system, name in own_keys.items() if name is not None},
        only_existing_in_target=sync.only_existing_in_target,
        require_email=sync.require_email,
        lifecycle_stages=sync.lifecycle_stages,
        default_lifecycle_stage=sync.default_lifecycle_stage,
        sync_user_may_write=sync.sync_user_may_write,
        required_properties=sync.required_properties,
    )


def plan_field(field: Field) -> PlanField:
    """A field of the catalogue as the witness wants it."""
    return PlanField(
        field.name,
        field.type,
        field.format,
        tuple((option.value, option.label) for option in field.options),
        field.read_only,
        field.length,
        field.min_value,
        field.max_value,
        field.behavior,
        field.required,
    )
