"""Where docs/semantics.md decides an outcome: the step, and in step 5 the line of its table.

Facts
    * It is read off the row of `outcomes`, the settings and the choices in force; nothing is decided again. Where two
      lines would leave the same row, both are named.

Source: docs/semantics.md section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dynsync_lib.core.explain.entry_steps import is_source, syncs_of
from dynsync_lib.core.explain.evidence import Evidence, Row
from dynsync_lib.core.lines import FILTERED_LATER, Line
from dynsync_lib.core.model import Outcome, Reason

_OF_REASON: Final[Mapping[str, Line]] = {
    Reason.DIRECTION: Line.DIRECTION,
    Reason.NO_EMAIL: Line.NO_KEY,
    Reason.NO_MATCH_KEY: Line.NO_KEY,
    Reason.NOT_IN_TARGET: Line.NOT_IN_TARGET,
}
_OF_RULE: Final[Mapping[str, Line]] = {
    "record.fence": Line.FENCED,
    "contact.one-binding": Line.LOST,
    "record.bindings": Line.TAKEN,
}
_OF_BOTH_SYNCS: Final = ("lead.contact-overlap", "contact.created-beside")
"""The rules of what contacts and leads decide together."""
_JOINING: Final = ("company.first-per-name", "company.first-per-domain")
"""The rules of companies that join the pair of another one (`company_dup = all_bind`)."""


def deciding_line(evidence: Evidence, row: Row) -> str:
    """The step that decided a row of `outcomes`, such as `step 5, line 9b`, `step 7` or `section 5.8`."""
    if row["reason"] == Reason.OBJECT_OFF:
        return "step 0"
    if row["reason"] == Reason.LIFECYCLE_ROUTE or row["rule_id"] in _OF_BOTH_SYNCS:
        return f"section {Line.OVERLAP.label}"
    if row["outcome"] == Outcome.FAILING:
        is_either = row["rule_id"] == "contact.email-conflict" and evidence.choice("secondary_email") == "fail_409"
        return f"step 5, line {Line.CONFLICT.label}, or step 7" if is_either and row["counterpart_id"] else "step 7"
    return f"step 5, line {' or '.join(_labels(evidence, row))}"


def _labels(evidence: Evidence, row: Row) -> tuple[str, ...]:
    """The labels of the lines of step 5 that leave such a row."""
    outcome, rule = row["outcome"], row["rule_id"]
    if outcome in (Outcome.UPDATE, Outcome.LINK):
        return (Line.JOINED.label if rule in _JOINING else Line.PAIRED.label,)
    if outcome == Outcome.CREATE:
        return (Line.CREATE.label,)
    if rule in _OF_RULE:
        return (_OF_RULE[rule].label,)
    if outcome == Outcome.SHADOWED:
        return _labels_behind_owner(evidence, row)
    if row["reason"] in _OF_REASON:
        return (_OF_REASON[row["reason"]].label,)
    is_later = evidence.choice("filter_stage") == "after_claim"
    return (FILTERED_LATER if is_later else Line.FILTERED.label,)


def _labels_behind_owner(evidence: Evidence, row: Row) -> tuple[str, ...]:
    """The lines of a record that stands behind the owner of its key, on a side that is a source or none.

    A company behind another by its domain may be the owner of it, and taken.
    """
    syncs = syncs_of(evidence, row)
    of_rule = str(row["rule_id"]).partition(".")[0]
    asked = [syncs[of_rule]] if of_rule in syncs else list(syncs.values())
    sources = {is_source(sync, row["system"]) for sync in asked}
    labels = [Line.OWNER_PAIRED.label] if False in sources else []
    if True in sources:
        labels.append(Line.NOT_OWNER.label)
        is_second_round = evidence.choice("company_keys") == "name_or_domain"
        if row["rule_id"] == "company.first-per-domain" and is_second_round:
            labels.append(Line.TAKEN.label)
    return tuple(labels)
