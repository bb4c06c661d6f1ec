"""What kind of value a field holds, in both systems' terms: text, number, date, datetime, yes_no, choice, ...

Facts
    * The kinds and the types behind them are data: rules/field_types.toml (5.A).
    * The first line that covers a field decides; a type without a line has no kind and cannot be mapped.
"""

from __future__ import annotations

from dynsync_lib.core.catalogue import Field
from dynsync_lib.core.model import System
from dynsync_lib.core.rulebook import Rulebook


def kind_of(field: Field, rulebook: Rulebook) -> str | None:
    """The kind of a field; None for a type that cannot be mapped. Source: rule field.types-do-not-fit."""
    lines = rulebook.hubspot_kinds if field.system is System.HUBSPOT else rulebook.dynamics_kinds
    fitting = (line.kind for line in lines if line.covers(field.type, field.format, field.behavior, field.name))
    return next(fitting, None)
