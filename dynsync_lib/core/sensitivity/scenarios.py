"""The other answers to open questions: one scenario for each choice that is not in force.

Facts
    * A scenario differs from the settings in one assumption; its number is its index among all scenarios.
    * Every assumption stands in exactly one of `FIELD_KNOBS`, `RECORD_KNOBS` and `MOVES_NOTHING`: what it can move is
      known, or the rulebook and the core do not fit together.

Not modelled
    * Two other answers at once.

Source: rules/assumptions.toml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core.frames import Frame
from dynsync_lib.core.situation import Situation
from dynsync_lib.errors import RulebookError

FIELD_KNOBS: Final = frozenset(
    {
        "oneway_winner",
        "fill_empty_winner",
        "resave_reconcile",
        "lifecycle_backward",
        "option_pairing",
        "multiselect",
        "invalid_value",
        "owner_mode",
        "app_required",
        "hs_write_rules",
        "datetime_into_date",
        "fraction_to_whole",
    }
)
"""What they change is what is written, and which new records are refused."""
RECORD_KNOBS: Final = frozenset(
    {
        "first_record_order",
        "email_norm",
        "secondary_email",
        "lead_contact_overlap",
        "company_keys",
        "name_norm",
        "no_key",
        "company_dup",
        "filter_semantics",
        "filter_scope",
        "filter_stage",
        "include_inactive",
        "dv_dup_rules",
        "pair_in_other_sync",
        "no_email_unmatched",
    }
)
"""What they change is who is matched, and what becomes of whom.

`core.sensitivity.affected_records` says of which records.
"""
MOVES_NOTHING: Final = frozenset(
    {
        "process_first",
        "owner_fallback",
        "assoc_missing_company",
        "assoc_conflict",
        "assoc_deal_company",
        "auto_company_first",
    }
)
"""The first changes nothing at all, the others change fields and associations, but no outcome."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One choice that is not in force. `situation` is the settings' own with that choice."""

    number: int
    knob: str
    choice: str
    situation: Situation

    @property
    def assumptions(self) -> Mapping[str, str]:
        """The choices of all assumptions under this scenario."""
        return self.situation.settings.assumptions


def list_scenarios(situation: Situation) -> list[Scenario]:
    """A scenario for every built choice that is not in force, in the rulebook's order.

    Raises RulebookError for an assumption of which the core does not know what it can move.
    """
    scenarios: list[Scenario] = []
    for knob in situation.rulebook.assumptions.values():
        _refuse_unknown(knob.id)
        for choice in knob.built_choices:
            if choice != situation.chosen(knob.id):
                scenarios.append(Scenario(len(scenarios), knob.id, choice, _with_choice(situation, knob.id, choice)))
    return scenarios


def decided_at_once(situation: Situation, scenarios: Sequence[Scenario], tables: Mapping[str, Frame]) -> Situation:
    """The situation that decides under all scenarios at once, over these tables, which have the column `scenario`."""
    assumptions = {scenario.number: scenario.assumptions for scenario in scenarios}
    return replace(situation, scenarios=assumptions, tables={**situation.tables, **tables}, memory={})


def _with_choice(situation: Situation, knob: str, choice: str) -> Situation:
    assumptions = {**situation.settings.assumptions, knob: choice}
    return replace(situation, settings=replace(situation.settings, assumptions=assumptions), memory={})


def _refuse_unknown(knob: str) -> None:
    if knob not in FIELD_KNOBS | RECORD_KNOBS | MOVES_NOTHING:
        raise RulebookError(
            f"rules/assumptions.toml has the assumption `{knob}`, of which the core does not know what it can move.",
            next_step="Name it in core/sensitivity/scenarios.py, and in affected_records.py the records it can move.",
        )
