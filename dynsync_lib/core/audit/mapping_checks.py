"""Audit rules about mappings: ways that fields do not have, and values of choices that find no partner.

Facts
    * A mapping that flows every way that it and its sync want has no finding, however narrow the way is.
    * A record counts once, however many of its values have no partner.

Source: rules field.read-only, field.types-do-not-fit, field.into-text, field.option-unpaired,
portal.custom-mapping-plan (5.1, 5.8, 5.11, 5.A, 9.19).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.unpaired_options import holds_unpaired
from dynsync_lib.core.audit.measures import Measures, records_of_side
from dynsync_lib.core.counting import Count, Tables, known, known_rows, total
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Health, Object, System
from dynsync_lib.core.settings import FieldMapping
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import flowing, objects_on
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable, record_table


def count_read_only_targets(situation: Situation, tables: Tables) -> Count:
    """Mappings that want a way which ends in a read-only field."""
    del tables
    return _short_of_asked(situation, "field.read-only")


def count_ways_beyond_types(situation: Situation, tables: Tables) -> Count:
    """Mappings that want a way which the types of their fields do not have."""
    del tables
    return _short_of_asked(situation, "field.types-do-not-fit", "field.into-text")


def count_unpaid_mappings(situation: Situation, tables: Tables) -> Count:
    """Mappings of one's own in a portal without a Data Hub; None when there are any and that is not known (5.1)."""
    del tables
    has_own_mappings = situation.settings.hubspot.has_own_mappings
    if has_own_mappings:
        return known(0)
    own = [
        _row_of(object_, mapping)
        for object_, sync in situation.settings.sync.items()
        for mapping in sync.mappings
        if sync.enabled and mapping.origin == "own"
    ]
    return known(None) if own and has_own_mappings is None else known_rows(situation, own)


def _row_of(object_: Object, mapping: FieldMapping) -> dict[str, str | None]:
    """A mapping in the list of what was counted."""
    return {"object": object_.value, "detail": f"{mapping.hubspot} and {mapping.dynamics}"}


def count_unpaired(situation: Situation, tables: Tables) -> Count:
    """Records in sync with a value of a mapped choice without a partner; HubSpot's contacts once, leads or not."""
    holders = []
    for name, table in RECORD_TABLES.items():
        tests = dict(_tests_of(situation, name, table.system))
        if tests:
            held = situation.tables[name].select("id", **tests)
            held = held.select("id", any=nw.any_horizontal(*tests, ignore_nulls=True)).filter(nw.col("any"))
            held = held.join(_in_sync(tables, table), on="id", how="semi")
            holders.append(records_of_side(held, table.own_object, table.system))
    return total(holders)


def _in_sync(tables: Tables, table: RecordTable) -> Frame:
    """id of the records of one table that are in sync."""
    is_ours = (nw.col("system") == table.system.value) & (nw.col("object") == str(table.object))
    in_sync = tables["outcomes"].filter(is_ours & (nw.col("health") == Health.IN_SYNC.value))
    return in_sync.select(id="record_id")


def _short_of_asked(situation: Situation, *rule_ids: str) -> Count:
    """Mappings that carry values fewer ways than was asked, because of one of these rules."""
    short = [
        _row_of(object_, judged.mapping)
        for object_ in objects_on(situation)
        for judged in Job(situation, object_).mappings
        if judged.flow is not judged.asked and judged.by_fields.rule_id in rule_ids
    ]
    return known_rows(situation, short)


def _tests_of(situation: Situation, table: str, system: System) -> Iterator[tuple[str, nw.Expr]]:
    """A name and a test per mapping of choices whose values leave the records of a table."""
    for number, (object_, judged) in enumerate(flowing(situation)):
        leaves = judged.pairs_options() and judged.writes_to(system.other)
        if leaves and record_table(object_, system).name == table:
            yield f"n{number}", holds_unpaired(judged, system)


MEASURES: Final[Measures] = {
    "read_only_targets": count_read_only_targets,
    "unpaid_mappings": count_unpaid_mappings,
    "unpaired_options": count_unpaired,
    "ways_beyond_types": count_ways_beyond_types,
}
