"""Audit rules over the forecast's own tables: the `findings`.

Facts
    * Most checks are data (rules/checks.toml): a table, the values a row must have, what the share is taken of.
    * What needs code is counted by the modules of audit rules, each of one idea; here they are brought together.
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

from dynsync_lib.core.audit import (
    address_checks,
    association_checks,
    binding_checks,
    collision_checks,
    filter_checks,
    key_checks,
    mapping_checks,
    record_checks,
    side_effect_checks,
    twin_checks,
    value_checks,
)
from dynsync_lib.core.audit.marketing import MarketingOutlook
from dynsync_lib.core.audit.measures import Measures, Tables, rows_in
from dynsync_lib.core.audit.refusing_columns import name_refusing_columns
from dynsync_lib.core.model import Object, Severity, System
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.situation import PERSONS, Frame, Situation
from dynsync_lib.core.tables import FINDINGS

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
    is_shared = check.object == Object.CONTACT and check.system != System.DYNAMICS
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
    return rows_in(frame)


# --- Counted by code ---------------------------------------------------------------------------------------------


def _tier_crossing(outlook: MarketingOutlook) -> int | None:
    """Contacts that cross the tier; 0 when none do or none are added."""
    if not outlook.added:
        return 0
    return None if outlook.crosses_tier is None else outlook.added * outlook.crosses_tier


MEASURES: Final[Measures] = {
    **address_checks.MEASURES,
    **association_checks.MEASURES,
    **binding_checks.MEASURES,
    **collision_checks.MEASURES,
    **filter_checks.MEASURES,
    **key_checks.MEASURES,
    **mapping_checks.MEASURES,
    **record_checks.MEASURES,
    **side_effect_checks.MEASURES,
    **twin_checks.MEASURES,
    **value_checks.MEASURES,
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
