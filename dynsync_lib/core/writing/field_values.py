"""One mapped field of a matched pair: are the two values equal, and what would be written?

Facts
    * Values are compared as what they are, after trimming; the first line of docs/semantics.md section 6 decides.
    * What is written is in the target's own form: the paired option, `true` or `false`, the date of a date and time,
      the owner of the same address.

Not modelled
    * HubSpot's own reformatting of telephone numbers (5.24); capital letters whose small form has two letters.

Source: rules field.equal-after-typing, field.option-pairing, field.date-precision, field.owner-by-email.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.fields.option_pairs import partners_of
from dynsync_lib.core.fields.several_choices import element_list, sets_equal, written_set
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import KEY_SOURCE, RECORD_TABLES
from dynsync_lib.core.writing.record_owners import address_of, is_owner_pair, name_of, partner_of, with_owners

_TIMES: Final = frozenset({"date", "datetime"})
_BETWEEN: Final = "\x1f"


def column_of(system: System, name: str) -> str:
    """The name under which a vendor's column stands in the wide table of pairs."""
    return f"{system}:{name}"


def value_of(system: System, judged: JudgedMapping) -> nw.Expr:
    """The trimmed value of one side, null when blank, in a frame that `with_trimmed` made."""
    return nw.col(_trimmed_name(system, judged))


def columns_of(flowing: Iterable[JudgedMapping], system: System) -> list[str]:
    """The vendor's columns that mappings need of one side, those that say what an owner is among them."""
    needed = []
    for judged in flowing:
        types = [judged.owner_type] if judged.owner_type is not None and system is System.DYNAMICS else []
        needed += [judged.columns[system], *types]
    return list(dict.fromkeys(needed))


def with_trimmed(
    situation: Situation, frame: Frame, flowing: Sequence[JudgedMapping], systems: Iterable[System]
) -> Frame:
    """The wide table with every mapped value trimmed once, and its owners found, beside the value as delivered."""
    sides = list(systems)
    trimmed = {_trimmed_name(system, judged): _trimmed(system, judged) for judged in flowing for system in sides}
    if not trimmed:
        return frame
    frame = frame.with_columns(**trimmed)
    return with_owners(situation, frame, _owner_columns(flowing, sides))


def _trimmed(system: System, judged: JudgedMapping) -> nw.Expr:
    text = nw.col(column_of(system, judged.columns[system]))
    return typed_values.trimmed(text, already=system in judged.trimmed)


def _owner_columns(
    flowing: Iterable[JudgedMapping], systems: Sequence[System]
) -> Iterator[tuple[System, str, nw.Expr]]:
    for judged in flowing:
        for system in systems:
            if judged.kinds[system] == "owner":
                owner = nw.when(~_is_team(judged, system)).then(value_of(system, judged))
                yield system, column_of(system, judged.columns[system]), owner


def _is_team(judged: JudgedMapping, system: System) -> nw.Expr:
    if judged.owner_type is None or system is System.HUBSPOT:
        return nw.lit(value=False)
    return (typed_values.trimmed(nw.col(column_of(system, judged.owner_type))) == "team").fill_null(value=False)


def _trimmed_name(system: System, judged: JudgedMapping) -> str:
    return f"trimmed {column_of(system, judged.columns[system])}"


def are_equal(judged: JudgedMapping) -> nw.Expr:
    """Whether both sides, filled, hold the same; null when one of them is blank."""
    hubspot, dynamics = (value_of(system, judged) for system in System)
    kinds = frozenset(judged.kinds.values())
    if _holds_addresses(judged):
        return _addresses_equal(judged, hubspot, dynamics)
    if _holds_telephones(judged):
        return _equal_or_as_text(typed_values.digits(hubspot), typed_values.digits(dynamics), hubspot == dynamics)
    if "number" in kinds:
        ours = typed_values.whole_part(hubspot) if judged.fraction == "cut" else hubspot
        return _equal_or_as_text(
            typed_values.number_text(ours), typed_values.number_text(dynamics), hubspot == dynamics
        )
    if "date" in kinds and kinds <= _TIMES:
        return hubspot.str.slice(0, 10) == dynamics.str.slice(0, 10)
    if kinds == {"datetime"}:
        return _equal_or_as_text(typed_values.moment(hubspot), typed_values.moment(dynamics), hubspot == dynamics)
    if judged.pairs_options():
        return _options_equal(judged, hubspot, dynamics)
    if is_owner_pair(judged):
        return _owners_equal(judged, hubspot, dynamics)
    if "yes_no" in kinds:
        return _truth_or_text(hubspot) == _truth_or_text(dynamics)
    return hubspot == dynamics


def own_form(judged: JudgedMapping, system: System) -> nw.Expr:
    """The value of one side in a form in which equal values are the same, by that field's own kind; null when blank."""
    value = value_of(system, judged)
    kind = judged.kinds[system]
    if _holds_addresses(judged):
        keys = _address_keys(judged)
        return typed_values.lowered(value) if keys is None else nw.col(column_of(system, keys[system]))
    if _holds_telephones(judged):
        return nw.coalesce(typed_values.digits(value), value)
    if kind == "number":
        return nw.coalesce(typed_values.number_text(value), value)
    if kind == "date":
        return value.str.slice(0, 10)
    if kind == "datetime":
        return nw.coalesce(typed_values.moment(value), value)
    if kind == "several_choices":
        return element_list(value, system)
    return _truth_or_text(value) if kind == "yes_no" else value


def _options_equal(judged: JudgedMapping, hubspot: nw.Expr, dynamics: nw.Expr) -> nw.Expr:
    if judged.kinds[System.HUBSPOT] == "several_choices":
        return sets_equal(hubspot, dynamics, judged.option_pairs)
    together = [_BETWEEN.join(pair) for pair in judged.option_pairs]
    return nw.concat_str([hubspot, nw.lit(_BETWEEN), dynamics]).is_in(together)


def _owners_equal(judged: JudgedMapping, hubspot: nw.Expr, dynamics: nw.Expr) -> nw.Expr:
    """By address; an owner and a text by the owner's name. Nobody equals nobody."""
    names = {system: column_of(system, judged.columns[system]) for system in System}
    owner = nw.col(address_of(names[System.DYNAMICS]))
    if judged.kinds[System.HUBSPOT] == "owner":
        equal = nw.col(address_of(names[System.HUBSPOT])) == owner
    else:
        equal = hubspot == nw.col(name_of(names[System.DYNAMICS]))
    filled = ~hubspot.is_null() & ~dynamics.is_null()
    return nw.when(filled).then(equal.fill_null(value=False))


def new_value(judged: JudgedMapping, target: System) -> nw.Expr:
    """What would be written into `target`; null when the source is blank, or its option or owner has no partner."""
    source = target.other
    value = value_of(source, judged)
    kinds = frozenset(judged.kinds.values())
    if judged.pairs_options():
        return _paired_option(judged, source, value)
    if is_owner_pair(judged):
        column = column_of(source, judged.columns[source])
        return nw.col(partner_of(column) if judged.kinds[target] == "owner" else name_of(column))
    if "yes_no" in kinds:
        return _truth_or_text(value)
    if judged.kinds[target] == "date" and judged.kinds[source] == "datetime":
        return value.str.slice(0, 10)
    return typed_values.whole_part(value) if _is_cut(judged, target) else value


def _is_cut(judged: JudgedMapping, target: System) -> bool:
    """Whether a number goes without its fraction into whole numbers. Source: rule field.whole-number."""
    return target is System.DYNAMICS and judged.fraction == "cut"


def is_copied(judged: JudgedMapping, target: System) -> bool:
    """Whether what would be written into `target` is the trimmed value of the source itself."""
    kinds = frozenset(judged.kinds.values())
    is_shortened = judged.kinds[target] == "date" and judged.kinds[target.other] == "datetime"
    return not (
        judged.pairs_options() or is_owner_pair(judged) or "yes_no" in kinds or is_shortened or _is_cut(judged, target)
    )


def _paired_option(judged: JudgedMapping, source: System, value: nw.Expr) -> nw.Expr:
    target = judged.fields[source.other]
    if judged.kinds[source] == "several_choices" and target is not None:
        return written_set(value, judged.option_pairs, source, target)
    partners = partners_of(judged.option_pairs, source)
    known = [nw.when(value == ours).then(nw.lit(theirs)) for ours, theirs in partners.items()]
    return nw.coalesce(nw.lit(None, dtype=nw.String), *known)


def _truth_or_text(value: nw.Expr) -> nw.Expr:
    return nw.coalesce(typed_values.truth(value), value)


def _equal_or_as_text(first: nw.Expr, second: nw.Expr, as_text: nw.Expr) -> nw.Expr:
    """Whether the typed forms are equal; the texts count where one of them has none. Each form is worked out once."""
    return nw.coalesce(first == second, as_text)


def _addresses_equal(judged: JudgedMapping, hubspot: nw.Expr, dynamics: nw.Expr) -> nw.Expr:
    keys = _address_keys(judged)
    if keys is None:
        return typed_values.lowered(hubspot) == typed_values.lowered(dynamics)
    ours, theirs = (nw.col(column_of(system, keys[system])) for system in System)
    return ours == theirs


def _address_keys(judged: JudgedMapping) -> dict[System, str] | None:
    """The key columns of a mapping between the two match addresses; None for any other."""
    keys = {system: address_key(judged.fields[system]) for system in System}
    known = {system: key for system, key in keys.items() if key is not None}
    return known if len(known) == len(keys) else None


def address_key(field: Field | None) -> str | None:
    """The finished key column of an e-mail field; None when the field is not the one the key is made of."""
    if field is None:
        return None
    fitting = (
        table for table in RECORD_TABLES.values() if (table.object, table.system) == (field.object, field.system)
    )
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
