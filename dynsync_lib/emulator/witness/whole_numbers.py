"""Numbers with a fraction on their way into Dynamics' columns of whole numbers: docs/semantics.md, step 7d.

Where it is used: `emulator.witness.compare`, `emulator.witness.values`.
"""

from __future__ import annotations

from dynsync_lib.core.model import System
from dynsync_lib.emulator.witness.kinds import Kind, kind_of
from dynsync_lib.emulator.witness.plan import PlanMapping
from dynsync_lib.emulator.witness.text_values import number

_WHOLE = ("Integer", "BigInt")


def wants_whole(mapping: PlanMapping) -> bool:
    """Whether HubSpot's numbers of a mapping meet whole numbers in Dynamics."""
    return mapping.dynamics.type in _WHOLE and kind_of(System.HUBSPOT, mapping.hubspot) is Kind.NUMBER


def without_fraction(text: str) -> str:
    """The number before its point; what is no number as it is."""
    if number(text) is None:
        return text
    before = text.partition(".")[0]
    return before if before.strip("+-") else f"{before}0"


def has_fraction(text: str) -> bool:
    """Whether the text is a number that is not whole."""
    amount = number(text)
    return amount is not None and amount != amount.to_integral_value()
