"""Why two fields probably mean the same, in one sentence.

Where it is used: `core.suggestions.compared_fields`.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core.suggestions.field_words import FieldWords
from dynsync_lib.core.suggestions.shared_values import Agreement

OFTEN: Final = 0.5
"""Values that agree this far beyond chance speak for a pair."""


def reason_of(
    hubspot: FieldWords, dynamics: FieldWords, likeness: float, options: float | None, agreed: Agreement | None
) -> str:
    """One sentence: what speaks for the pair."""
    ours, theirs = hubspot.field.label, dynamics.field.label
    parts = []
    if ours.casefold() == theirs.casefold():
        parts.append(f"both are called {ours}")
    elif likeness >= 0.8:
        parts.append(f"{ours} and {theirs} mean the same")
    elif likeness >= 0.4:
        parts.append(f"{ours} and {theirs} mean nearly the same")
    if options:
        shared = len(hubspot.options & dynamics.options)
        parts.append(f"{shared} of {min(len(hubspot.options), len(dynamics.options))} options agree")
    if agreed is not None and agreed.beyond_chance >= OFTEN:
        parts.append(_values_words(agreed))
    said = ", ".join(parts) or "types and options fit"
    return f"{said[0].upper()}{said[1:]}."


def _values_words(agreed: Agreement) -> str:
    if agreed.equal * 2 < agreed.filled:
        return f"options go together in {agreed.filled:,} matched records"
    return f"values agree in {agreed.equal:,} of {agreed.filled:,} matched records"
