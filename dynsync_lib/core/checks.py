"""Audit rules over the forecast's own tables: the `findings`.

Facts
    * Most checks are data (rules/checks.toml): a table, the values a row must have, what the share is taken of.
    * A finding says something or is not there; what the kit cannot know is named as `not_checked`, never passed over.

Not modelled
    * The audit rules that checks.toml names as `unasked`, each with the reason; docs/rules.md lists them.

Source: rules/checks.toml.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import narwhals.stable.v2 as nw

from dynsync_lib.core.bound_before import count_escapes, count_lost_bindings, count_unknown_bindings
from dynsync_lib.core.collision_checks import (
    count_missed_by_own_keys,
    count_several_people_of_contacts,
    count_several_people_of_leads,
    count_shadowed_others_of_contacts,
    count_shadowed_others_of_leads,
    count_shared_domains_in_dynamics,
    count_shared_domains_in_hubspot,
    count_shared_own_keys,
)
from dynsync_lib.core.filter_checks import count_unseen_filter_fields
from dynsync_lib.core.key_checks import count_unseen_in_dynamics, count_unseen_in_hubspot
from dynsync_lib.core.mapping_checks import count_read_only_targets, count_unpaired, count_ways_beyond_types
from dynsync_lib.core.marketing import MarketingOutlook
from dynsync_lib.core.matching import match_records
from dynsync_lib.core.model import FINDINGS, Object, Severity, System
from dynsync_lib.core.record_checks import (
    count_business_required,
    count_closed_deals_of_dynamics,
    count_closed_deals_of_hubspot,
    count_invoices_by_hand,
    count_invoices_of_nobody,
    count_labels_left_behind,
    count_leads_beside_contacts,
    count_unknown_owners_of_dynamics,
    count_unknown_owners_of_hubspot,
    count_unmatched_creates,
)
from dynsync_lib.core.refusing_columns import name_refusing_columns
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.side_effects import (
    count_auto_created,
    count_cascades,
    count_consent_conflicts,
    count_echo_accounts,
)
from dynsync_lib.core.sides import PERSONS, Frame, Situation, has_keys, stack
from dynsync_lib.core.twin_checks import (
    count_doubtful_pairs,
    count_namesakes_without_address,
    count_other_addresses,
    count_twin_deals,
)
from dynsync_lib.core.value_checks import (
    count_mixed_currencies,
    count_shifted_days,
    count_suspicious_names,
    count_unique_values,
)

Tables = Mapping[str, Frame]
_COUNTED_WHOLE: Final = {"links": "links", "changes": "changes", "mapping": "mapping"}
_SYSTEM_COLUMN: Final = {
    "outcomes": "system",
    "collisions": "system",
    "links": "from_system",
    "changes": "target_system",
}
_OBJECT_COLUMN: Final = {"links": "from_object"}


def run_checks(situation: Situation, tables: Tables, marketing: MarketingOutlook) -> Frame:
    """The forecast's `findings`. `tables` are the other forecast tables by name."""
    rows = list(_findings(situation, tables, marketing))
    return situation.from_rows(rows, FINDINGS.columns)


def _findings(situation: Situation, tables: Tables, marketing: MarketingOutlook) -> Iterator[dict[str, Any]]:
    for check in situation.rulebook.checks:
        if not _concerns(situation, check):
            continue
        measure = MARKETING_MEASURES.get(check.measure or "")
        count = _count(situation, check, tables) if measure is None else measure(marketing)
        if count is None or count > 0:
            names = NAMES[check.names](situation, tables) if check.names is not None else ""
            yield _row(check, count, _share(check, count, tables), names)


def _concerns(situation: Situation, check: Check) -> bool:
    """A check of an object that is off has nothing to say; HubSpot's contacts are those of leads, too (1.7)."""
    if check.object is None:
        return True
    is_shared = check.object == Object.CONTACT and check.system == System.HUBSPOT
    syncs = [situation.sync(one) for one in (PERSONS if is_shared else (Object(check.object),))]
    return any(one.enabled and not (check.unless_own_key and one.match_mode == "own_field") for one in syncs)


def _row(check: Check, count: int | None, share: float | None, names: str) -> dict[str, Any]:
    severity = Severity.NOT_CHECKED.value if count is None else check.severity
    return {
        "check_id": check.id,
        "severity": severity,
        "system": check.system,
        "object": check.object,
        "count": count,
        "share": None if share is None else round(share, 4),
        "sentence": _sentence(check, count) + (f" By column: {names}." if names else ""),
        "fix": check.fix,
        "rule_id": check.rule_id,
    }


def _sentence(check: Check, count: int | None) -> str:
    if count is None:
        return check.not_checked or ""
    return check.one if count == 1 and check.one is not None else check.sentence.format(count=f"{count:,}")


def _count(situation: Situation, check: Check, tables: Tables) -> int | None:
    """How many there are; None when the kit cannot know."""
    if check.measure is not None:
        return MEASURES[check.measure](situation, tables)
    if check.table is None:
        return None
    return _rows_of(tables[check.table], _conditions(check, check.table))


def _share(check: Check, count: int | None, tables: Tables) -> float | None:
    if count is None or check.of == "none":
        return None
    return count / max(_whole(check, tables), 1)


def _conditions(check: Check, name: str) -> list[nw.Expr]:
    conditions = [_has(column, value) for column, value in check.where.items()]
    conditions += [~_has(column, value).fill_null(value=False) for column, value in check.except_.items()]
    conditions += [~nw.col(column).is_null() for column in check.known]
    if check.system is not None and name in _SYSTEM_COLUMN:
        conditions.append(_has(_SYSTEM_COLUMN[name], check.system))
    if check.object is not None and name not in ("mapping", "near_names"):
        conditions.append(_has(_OBJECT_COLUMN.get(name, "object"), check.object))
    return conditions


def _has(column: str, value: Any) -> nw.Expr:
    if isinstance(value, list | tuple):
        return nw.col(column).is_in(list(value))
    equal: nw.Expr = nw.col(column) == value
    return equal


def _whole(check: Check, tables: Tables) -> int:
    name = _COUNTED_WHOLE.get(check.of, "outcomes")
    conditions = []
    if check.system is not None and name in _SYSTEM_COLUMN:
        conditions.append(_has(_SYSTEM_COLUMN[name], check.system))
    if check.object is not None and name == "outcomes":
        conditions.append(_has("object", check.object))
    return _rows_of(tables[name], conditions)


def _rows_of(frame: Frame, conditions: list[nw.Expr]) -> int:
    if conditions:
        frame = frame.filter(functools.reduce(operator.and_, conditions))
    return int(frame.select(count=nw.len()).collect().item())


# --- Counted by code ---------------------------------------------------------------------------------------------


def _shared_between_environments(situation: Situation, tables: Tables) -> int:
    """Contacts and accounts in sync here whose key a record of another environment owns, too."""
    count = 0
    for object_ in (Object.CONTACT, Object.COMPANY):
        keys = [one for other in situation.beside for one in _keys_owned(other, object_)]
        if keys:
            mine = tables["outcomes"].filter(
                (nw.col("system") == System.DYNAMICS.value)
                & (nw.col("object") == object_.value)
                & (nw.col("health") == "in_sync")
            )
            shared = mine.join(stack(keys).unique(), on="match_key", how="semi")
            count += _rows_of(shared, [])
    return count


def _keys_owned(situation: Situation, object_: Object) -> list[Frame]:
    """match_key of every owner among the Dynamics records of an object that is on; empty when it has no keys."""
    if not situation.sync(object_).enabled or not has_keys(situation, object_):
        return []
    owners = match_records(situation, object_).owners or {}
    return [owners[System.DYNAMICS].select(match_key="key")]


def _unpaid_mappings(situation: Situation, tables: Tables) -> int | None:
    del tables
    hubspot = situation.settings.hubspot
    if hubspot.data_hub and hubspot.plan != "free":
        return 0
    enabled = [sync for sync in situation.settings.sync.values() if sync.enabled]
    return sum(mapping.origin == "own" for sync in enabled for mapping in sync.mappings)


def _tier_crossing(outlook: MarketingOutlook) -> int | None:
    """Contacts that cross the tier; 0 when none do or none are added."""
    if not outlook.added:
        return 0
    return None if outlook.crosses_tier is None else outlook.added * outlook.crosses_tier


MEASURES: Final[Mapping[str, Callable[[Situation, Tables], int | None]]] = {
    "auto_created_companies": count_auto_created,
    "shared_between_environments": _shared_between_environments,
    "echo_accounts": count_echo_accounts,
    "escapes": count_escapes,
    "lost_bindings": count_lost_bindings,
    "unknown_bindings": count_unknown_bindings,
    "lifecycle_cascades": count_cascades,
    "consent_conflicts": count_consent_conflicts,
    "unpaid_mappings": _unpaid_mappings,
    "business_required": count_business_required,
    "closed_deals_of_dynamics": count_closed_deals_of_dynamics,
    "closed_deals_of_hubspot": count_closed_deals_of_hubspot,
    "doubtful_pairs": count_doubtful_pairs,
    "namesakes_without_address": count_namesakes_without_address,
    "other_addresses": count_other_addresses,
    "several_people_of_contacts": count_several_people_of_contacts,
    "several_people_of_leads": count_several_people_of_leads,
    "labels_left_behind": count_labels_left_behind,
    "missed_by_own_keys": count_missed_by_own_keys,
    "shared_domains_in_dynamics": count_shared_domains_in_dynamics,
    "shared_domains_in_hubspot": count_shared_domains_in_hubspot,
    "shared_own_keys": count_shared_own_keys,
    "shadowed_others_of_contacts": count_shadowed_others_of_contacts,
    "shadowed_others_of_leads": count_shadowed_others_of_leads,
    "twin_deals": count_twin_deals,
    "invoices_by_hand": count_invoices_by_hand,
    "invoices_of_nobody": count_invoices_of_nobody,
    "unseen_in_hubspot": count_unseen_in_hubspot,
    "unseen_in_dynamics": count_unseen_in_dynamics,
    "leads_beside_contacts": count_leads_beside_contacts,
    "unmatched_creates": count_unmatched_creates,
    "mixed_currencies": count_mixed_currencies,
    "shifted_days": count_shifted_days,
    "read_only_targets": count_read_only_targets,
    "suspicious_names": count_suspicious_names,
    "unique_values": count_unique_values,
    "unknown_owners_of_dynamics": count_unknown_owners_of_dynamics,
    "unknown_owners_of_hubspot": count_unknown_owners_of_hubspot,
    "unpaired_options": count_unpaired,
    "unseen_filter_fields": count_unseen_filter_fields,
    "ways_beyond_types": count_ways_beyond_types,
}
NAMES: Final[Mapping[str, Callable[[Situation, Tables], str]]] = {
    reason: functools.partial(name_refusing_columns, reason=reason) for reason in ("too_long", "range", "required")
}
MARKETING_MEASURES: Final[Mapping[str, Callable[[MarketingOutlook], int | None]]] = {
    "created_as_marketing": lambda outlook: outlook.created_as_marketing,
    "enrolled": lambda outlook: outlook.enrolled,
    "existing_asked": lambda outlook: 0 if outlook.asks_existing else None,
    "beyond_tier": lambda outlook: outlook.beyond_tier,
    "tier_crossing": _tier_crossing,
}
