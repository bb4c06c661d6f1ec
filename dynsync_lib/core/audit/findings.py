"""Audit rules over the forecast's own tables: the `findings`.

Facts
    * Most checks are data (rules/checks.toml): a table, the values a row must have, what the share is taken of.
    * What needs code is counted by the modules of audit rules, each of one idea; here they are brought together.
    * A finding says something or is not there; what the kit cannot know is named as `not_checked`, never passed over.
    * All counts are asked for together, and what they are shares of with them (`core.counting`). Only names behind a
      count wait for it.

Not modelled
    * The audit rules that checks.toml names as `unasked`, each with the reason; docs/rules.md lists them.

Source: rules/checks.toml.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.audit import (
    address_checks,
    association_checks,
    binding_checks,
    collision_checks,
    custom_tables,
    delivery_checks,
    filter_checks,
    key_checks,
    mapping_checks,
    merge_checks,
    record_checks,
    rights_checks,
    set_once_checks,
    side_effect_checks,
    twin_checks,
    typed_checks,
    unresolved_checks,
    value_checks,
)
from dynsync_lib.core.audit.marketing import MarketingOutlook
from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.audit.refusing_columns import name_refusing_columns
from dynsync_lib.core.counting import (
    Count,
    Question,
    Rows,
    Tables,
    answers,
    combined,
    known,
    rows_that,
    rows_with,
)
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import PERSONS, Object, Severity, System
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import FINDINGS

_COUNTED_WHOLE: Final = {"links": "links", "changes": "changes", "mapping": "mapping"}
_SYSTEM_COLUMN: Final = {
    "outcomes": "system",
    "collisions": "system",
    "links": "from_system",
    "changes": "target_system",
}
_OBJECT_COLUMN: Final = {"outcomes": "object", "collisions": "object", "links": "from_object", "changes": "object"}


def run_checks(situation: Situation, tables: Tables, marketing: MarketingOutlook) -> Frame:
    """The forecast's `findings`, as `core.tables.FINDINGS`. `tables` are the other forecast tables by name.

    Computes: one pass over each table for all counts, one more for the names of columns behind them.
    """
    checks = [check for check in situation.rulebook.checks if _concerns(situation, check)]
    questions = [_question(situation, check, tables, marketing) for check in checks]
    counts = answers(tables, dict(enumerate(questions)))
    saying = {number: check for number, check in enumerate(checks) if counts[number].count != 0}
    naming = {number: NAMES[check.names](situation, tables) for number, check in saying.items() if check.names}
    names = answers(tables, naming)
    rows = [_row(check, counts[number], names.get(number, "")) for number, check in saying.items()]
    return situation.from_rows(rows, FINDINGS.columns)


def _concerns(situation: Situation, check: Check) -> bool:
    """A check of an object that is off has nothing to say; HubSpot's contacts are those of leads, too (1.7)."""
    if check.object is None:
        return True
    is_shared = check.object == Object.CONTACT and check.system != System.DYNAMICS
    syncs = [situation.sync(object_) for object_ in (PERSONS if is_shared else (Object(check.object),))]
    return any(sync.enabled and not (check.unless_own_key and sync.match_mode == "own_field") for sync in syncs)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a check counted, None when the kit cannot know, and the share that it is of the whole, None without one."""

    count: int | None
    share: float | None


def _question(situation: Situation, check: Check, tables: Tables, marketing: MarketingOutlook) -> Question[_Counted]:
    """What a check asks: its count, and what that is a share of, where it is one of anything."""
    by_marketing = MARKETING_MEASURES.get(check.measure or "")
    count = known(by_marketing(marketing)) if by_marketing else _count(situation, check, tables)
    if check.of == "none":
        return combined([count], lambda numbers: _Counted(numbers[0], None))
    return combined([count, _whole(check)], lambda numbers: _Counted(numbers[0], _share(*numbers)))


def _share(count: int | None, whole: int) -> float | None:
    return None if count is None else count / max(whole, 1)


def _row(check: Check, counted: _Counted, names: str) -> dict[str, Any]:
    severity = Severity.NOT_CHECKED.value if counted.count is None else check.severity
    return {
        "check_id": check.id,
        "severity": severity,
        "system": check.system,
        "object": check.object,
        "count": counted.count,
        "share": None if counted.share is None else round(counted.share, 4),
        "sentence": _with_names(_sentence(check, counted.count), names),
        "fix": (check.not_checked_fix if counted.count is None else None) or check.fix,
        "rule_id": check.rule_id,
    }


def is_finding_of(row: Mapping[str, Any], check: Check) -> bool:
    """Whether a row of `findings` comes from this check; some checks share id, system, object and rule."""
    is_alike = all(row[name] == getattr(check, name) for name in ("system", "object", "rule_id"))
    said = _sentence(check, row["count"]).partition("{names}")[0]
    return bool(row["check_id"] == check.id and is_alike and str(row["sentence"]).startswith(said))


def _with_names(sentence: str, names: str) -> str:
    """The sentence with the names behind it where it has a place for them, else after it."""
    if "{names}" in sentence:
        return sentence.format(names=names)
    return f"{sentence} By column: {names}." if names else sentence


def _sentence(check: Check, count: int | None) -> str:
    if count is None:
        return check.not_checked or ""
    return (
        check.one
        if count == 1 and check.one is not None
        else check.sentence.format(count=f"{count:,}", names="{names}")
    )


def _count(situation: Situation, check: Check, tables: Tables) -> Count:
    """How many there are; the answer is None when the kit cannot know."""
    if check.measure is not None:
        return MEASURES[check.measure](situation, tables)
    return count_answered(situation.settings, check) if check.answer is not None else count_in_table(check)


def count_answered(settings: Settings, check: Check) -> Count:
    """What an administrator answered: a number, or 1 where a yes or no is what the check is about; else not known."""
    answer = settings.answers.get(check.answer or "")
    return known(int(answer == check.answer_is) if isinstance(answer, bool) else answer)


def count_in_table(check: Check) -> Count:
    """What a check without a measure counts: rows of a forecast table; with neither, nobody can know."""
    if check.table is None:
        return known(None)
    where = {**check.where, **_of_system(check, check.table), **_of_object(check, check.table)}
    return rows_that(Rows(check.table, where, check.except_, check.known))


def _whole(check: Check) -> Count:
    """What the share is taken of: records of the check's system and object, or associations, changes, mappings."""
    name = _COUNTED_WHOLE.get(check.of, "outcomes")
    of_object = _of_object(check, name) if name == "outcomes" else {}
    return rows_with(name, **_of_system(check, name), **of_object)


def _of_system(check: Check, table: str) -> dict[str, str]:
    """The column of a forecast table that names the system, and the check's own; empty where one of them has none."""
    is_asked = check.system is not None and table in _SYSTEM_COLUMN
    return {_SYSTEM_COLUMN[table]: str(check.system)} if is_asked else {}


def _of_object(check: Check, table: str) -> dict[str, str]:
    """The column of a forecast table that names the object, and the check's own; empty where one of them has none."""
    is_asked = check.object is not None and table in _OBJECT_COLUMN
    return {_OBJECT_COLUMN[table]: str(check.object)} if is_asked else {}


# --- Counted by code ---------------------------------------------------------------------------------------------


def _tier_crossing(outlook: MarketingOutlook) -> int | None:
    """Contacts that cross the tier, as far as they can be counted; 0 when none do or none are added."""
    if outlook.created_as_marketing is not None and not outlook.added:
        return 0
    return None if outlook.crosses_tier is None else outlook.added * outlook.crosses_tier


MEASURES: Final[Measures] = {
    **address_checks.MEASURES,
    **association_checks.MEASURES,
    **binding_checks.MEASURES,
    **collision_checks.MEASURES,
    **custom_tables.MEASURES,
    **delivery_checks.MEASURES,
    **filter_checks.MEASURES,
    **key_checks.MEASURES,
    **merge_checks.MEASURES,
    **mapping_checks.MEASURES,
    **record_checks.MEASURES,
    **rights_checks.MEASURES,
    **side_effect_checks.MEASURES,
    **twin_checks.MEASURES,
    **set_once_checks.MEASURES,
    **typed_checks.MEASURES,
    **unresolved_checks.MEASURES,
    **value_checks.MEASURES,
}
NAMES: Final[Mapping[str, Callable[[Situation, Tables], Question[str]]]] = {
    **{reason: functools.partial(name_refusing_columns, reason=reason) for reason in ("too_long", "range", "required")},
    **custom_tables.NAMES,
    **delivery_checks.NAMES,
    **rights_checks.NAMES,
    **unresolved_checks.NAMES,
    "unheld_filter_values": filter_checks.name_unheld_values,
    "set_once_overwrites": set_once_checks.name_set_once,
    "untyped_values": typed_checks.name_untyped_values,
}
MARKETING_MEASURES: Final[Mapping[str, Callable[[MarketingOutlook], int | None]]] = {
    "created_as_marketing": lambda outlook: outlook.created_as_marketing,
    "enrolled": lambda outlook: outlook.enrolled,
    "existing_asked": lambda outlook: 0 if outlook.asks_existing else None,
    "beyond_tier": lambda outlook: outlook.beyond_tier,
    "tier_crossing": _tier_crossing,
}
