"""One mapped field of a matched pair: are the two values equal, and what would be written?

Facts
    * Values are compared as what they are, after trimming; the first line of docs/semantics.md section 6 decides.
    * What is written is in the target's own form: the paired option, `true` or `false`, the date of a date and time.

Not modelled
    * HubSpot's own reformatting of telephone numbers (5.24); capital letters whose small form has two letters.

Source: rules field.equal-after-typing, field.option-pairing, field.date-precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import narwhals.stable.v2 as nw

from dynsync_lib.core import values
from dynsync_lib.core.catalogue import Field
from dynsync_lib.core.keys import trim
from dynsync_lib.core.mapping import JudgedMapping
from dynsync_lib.core.model import KEY_SOURCE, RECORD_TABLES, System
from dynsync_lib.core.sides import Frame

_TIMES: Final = frozenset({"date", "datetime"})
_BETWEEN: Final = "\x1f"


def column_of(system: System, name: str) -> str:
    """The name under which a vendor's column stands in the wide table of pairs."""
    return f"{system}:{name}"


def value_of(system: System, judged: JudgedMapping) -> nw.Expr:
    """The trimmed value of one side, null when blank, in a frame that `with_trimmed` made."""
    return nw.col(_trimmed_name(system, judged))


def with_trimmed(frame: Frame, flowing: Sequence[JudgedMapping], systems: Iterable[System]) -> Frame:
    """The wide table with every mapped value trimmed once, beside the value as delivered."""
    trimmed = {
        _trimmed_name(system, judged): values.trimmed(nw.col(column_of(system, judged.name_of(system))))
        for judged in flowing
        for system in systems
    }
    return frame.with_columns(**trimmed) if trimmed else frame


def _trimmed_name(system: System, judged: JudgedMapping) -> str:
    return f"trimmed {column_of(system, judged.name_of(system))}"


def are_equal(judged: JudgedMapping) -> nw.Expr:
    """Whether both sides, filled, hold the same; null when one of them is blank."""
    hubspot, dynamics = (value_of(system, judged) for system in System)
    kinds = frozenset(judged.kinds.values())
    if _holds_addresses(judged):
        return _addresses_equal(judged, hubspot, dynamics)
    if _holds_telephones(judged):
        return _equal_or_as_text(values.digits(hubspot), values.digits(dynamics), hubspot == dynamics)
    if "number" in kinds:
        return _equal_or_as_text(values.number_text(hubspot), values.number_text(dynamics), hubspot == dynamics)
    if "date" in kinds and kinds <= _TIMES:
        return hubspot.str.slice(0, 10) == dynamics.str.slice(0, 10)
    if kinds == {"datetime"}:
        return _equal_or_as_text(values.moment(hubspot), values.moment(dynamics), hubspot == dynamics)
    if judged.pairs_options():
        return nw.concat_str([hubspot, nw.lit(_BETWEEN), dynamics]).is_in(
            [_BETWEEN.join(p) for p in option_pairs(judged)]
        )
    if "yes_no" in kinds:
        return _truth_or_text(hubspot) == _truth_or_text(dynamics)
    return hubspot == dynamics


def new_value(judged: JudgedMapping, target: System) -> nw.Expr:
    """What would be written into `target`; null when the source is blank or its option has no partner."""
    source = System.DYNAMICS if target is System.HUBSPOT else System.HUBSPOT
    value = value_of(source, judged)
    kinds = frozenset(judged.kinds.values())
    if judged.pairs_options():
        return _paired_option(judged, source, value)
    if "yes_no" in kinds:
        return _truth_or_text(value)
    if judged.kinds[target] == "date" and judged.kinds[source] == "datetime":
        return value.str.slice(0, 10)
    return value


def option_pairs(judged: JudgedMapping) -> list[tuple[str, str]]:
    """Which HubSpot value belongs to which Dynamics value: the mapping's own pairs, or equal labels without case."""
    if judged.mapping.options:
        return list(judged.mapping.options.items())
    hubspot, dynamics = (judged.fields[system] for system in System)
    if hubspot is None or dynamics is None:
        return []
    return [
        (ours.value, theirs.value)
        for ours in hubspot.options
        for theirs in dynamics.options
        if trim(ours.label).casefold() == trim(theirs.label).casefold()
    ]


def _paired_option(judged: JudgedMapping, source: System, value: nw.Expr) -> nw.Expr:
    pairs = option_pairs(judged)
    directed = pairs if source is System.HUBSPOT else [(theirs, ours) for ours, theirs in pairs]
    partners: dict[str, str] = {}
    for ours, theirs in directed:
        partners.setdefault(ours, theirs)
    known = [nw.when(value == ours).then(nw.lit(theirs)) for ours, theirs in partners.items()]
    return nw.coalesce(nw.lit(None, dtype=nw.String), *known)


def _truth_or_text(value: nw.Expr) -> nw.Expr:
    return nw.coalesce(values.truth(value), value)


def _equal_or_as_text(first: nw.Expr, second: nw.Expr, as_text: nw.Expr) -> nw.Expr:
    return nw.when(first.is_null() | second.is_null()).then(as_text).otherwise(first == second)


def _addresses_equal(judged: JudgedMapping, hubspot: nw.Expr, dynamics: nw.Expr) -> nw.Expr:
    names = {system: address_key(judged.fields[system]) for system in System}
    if None in names.values():
        return hubspot.str.to_lowercase() == dynamics.str.to_lowercase()
    keys = [nw.col(column_of(system, str(name))) for system, name in names.items()]
    return keys[0] == keys[1]


def address_key(field: Field | None) -> str | None:
    """The finished key column of an e-mail field; None when the field is not the one the key is made of."""
    if field is None:
        return None
    fitting = (one for one in RECORD_TABLES.values() if (one.object, one.system) == (field.object, field.system))
    table = next(fitting, None)
    is_source = table is not None and KEY_SOURCE.get(table.name, {}).get("email") == field.name
    return "email_key" if is_source else None


def _holds_addresses(judged: JudgedMapping) -> bool:
    hubspot, dynamics = (judged.fields[system] for system in System)
    return judged.mapping.hubspot == "email" or (
        dynamics is not None and dynamics.format == "Email" and hubspot is not None
    )


def _holds_telephones(judged: JudgedMapping) -> bool:
    hubspot, dynamics = (judged.fields[system] for system in System)
    by_hubspot = hubspot is not None and (hubspot.type == "phone_number" or hubspot.format == "phonenumber")
    return by_hubspot or (dynamics is not None and dynamics.format == "Phone")
