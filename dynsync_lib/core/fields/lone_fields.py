"""Whether a field that is not mapped could be: with which kinds of field on the other side, and which way.

Facts
    * It is judged against a writable field of every kind that the other side has; the widest way counts, and of equally
      wide ones the one that loses nothing (5.A).
    * A field that nothing fits is blocked, for the reason that says most: a lookup's, a read-only field's.

Not modelled
    * Whether HubSpot's mapping screen offers the field: one that it does not offer cannot be mapped (5.5).

Source: rules field.types-do-not-fit, field.direction, field.read-only, field.lookup-blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.verdicts import kind_of, verdict_in_force, verdict_of_fields
from dynsync_lib.core.model import Direction, System, Verdict
from dynsync_lib.core.rulebook import Rulebook, TypeVerdict

_BEST_FIRST: Final = (Verdict.OK, Verdict.LOSSY, Verdict.ONE_WAY)
_SAYS_LITTLE: Final = "field.types-do-not-fit"


def judge_lone_field(field: Field, rulebook: Rulebook, assumptions: Mapping[str, str], sync: Direction) -> TypeVerdict:
    """The best verdict that a mapping of the field can have in a sync of that direction.

    `allowed` is the way that the fields allow; None, with the verdict blocked, when no kind of field fits.
    """
    kind = kind_of(field, rulebook)
    verdicts = [
        verdict_in_force(_verdict_with(field, kind, other, rulebook, assumptions), Direction.TWO_WAY, sync)
        for other in _kinds_beside(field.system, kind, rulebook)
    ]
    working = [verdict for verdict in verdicts if verdict.verdict is not Verdict.BLOCKED]
    if working:
        return min(working, key=lambda verdict: (_is_narrow(verdict), _BEST_FIRST.index(verdict.verdict)))
    telling = [verdict for verdict in verdicts if verdict.rule_id != _SAYS_LITTLE]
    return next(iter([*telling, *verdicts]), _no_type(field))


def _kinds_beside(system: System, kind: str | None, rulebook: Rulebook) -> list[str]:
    """The kinds of the other side, the field's own first."""
    lines = rulebook.dynamics_kinds if system is System.HUBSPOT else rulebook.hubspot_kinds
    kinds = dict.fromkeys(line.kind for line in lines) if kind is not None else {}
    return sorted(kinds, key=lambda other: other != kind)


def _verdict_with(
    field: Field, kind: str | None, other: str, rulebook: Rulebook, assumptions: Mapping[str, str]
) -> TypeVerdict:
    """What the field and a writable one of that kind allow."""
    partner = Field(field.system.other, field.object, name="", label="", type="")
    fields, kinds = {field.system: field, partner.system: partner}, {field.system: kind, partner.system: other}
    return verdict_of_fields(fields, kinds, rulebook, assumptions)


def _is_narrow(verdict: TypeVerdict) -> bool:
    return verdict.allowed is not Direction.TWO_WAY


def _no_type(field: Field) -> TypeVerdict:
    type_ = field.type or "unknown"
    return TypeVerdict(
        None,
        Verdict.BLOCKED,
        _SAYS_LITTLE,
        f"{field.system.label} fields of the type {type_} are in no list of types that can be mapped.",
        "Copy what it says into a text field and map that one.",
    )
