"""The options that a mapping pairs by itself: as internal values, and what names none.

Facts
    * A pair names HubSpot's option and Dynamics's, each by internal value or by label; where both names fit the other
      way round only, it is understood so.
    * A name that is no option is a fault: neither system takes a value that its field does not have (9.9, 9.16).

Not modelled
    * Options of a field whose metadata lists none: names are taken as they stand. So are names that the shipped schema
      does not know, since the portal may.

Source: rule field.option-pairing (5.11, 5.12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.keys import trim
from dynsync_lib.core.model import System, nearest
from dynsync_lib.listing import some_of

_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class OwnOptions:
    """`pairs`: HubSpot's internal value to Dynamics's. `faults`: the pair's own key in the settings, and a sentence."""

    pairs: Mapping[str, str]
    faults: tuple[tuple[str, str], ...]


def read_own_options(
    names: Mapping[str, str], hubspot: Field | None, dynamics: Field | None, catalogue: Catalogue
) -> OwnOptions:
    """The pairs that a mapping's `options` names."""
    listed = {System.HUBSPOT: _listed(hubspot, catalogue), System.DYNAMICS: _listed(dynamics, catalogue)}
    pairs, faults = dict[str, str](), list[tuple[str, str]]()
    for first, second in names.items():
        ours, theirs = _in_order(first, second, listed)
        pairs[_value_of(ours, hubspot) or ours] = _value_of(theirs, dynamics) or theirs
        for name, field in ((ours, hubspot), (theirs, dynamics)):
            if field is not None and not _fits(name, listed[field.system]):
                faults.append((first, _fault(name, field)))
    return OwnOptions(pairs, tuple(faults))


def _listed(field: Field | None, catalogue: Catalogue) -> Field | None:
    """The field when its options are known for certain, else None."""
    if field is None or not field.options or catalogue.standard.get(field.system, False):
        return None
    return field


def _in_order(first: str, second: str, listed: Mapping[System, Field | None]) -> tuple[str, str]:
    """The two names, HubSpot's before Dynamics's."""
    is_right = _fits(first, listed[System.HUBSPOT]) and _fits(second, listed[System.DYNAMICS])
    is_turned = _fits(second, listed[System.HUBSPOT]) and _fits(first, listed[System.DYNAMICS])
    return (second, first) if is_turned and not is_right else (first, second)


def _fits(name: str, listed: Field | None) -> bool:
    return listed is None or _value_of(name, listed) is not None


def _value_of(name: str, field: Field | None) -> str | None:
    """The internal value of the option that has this value or, failing that, this label; None when none has."""
    options = field.options if field is not None else ()
    if any(option.value == name for option in options):
        return name
    label = trim(name).casefold()
    return next((option.value for option in options if trim(option.label).casefold() == label), None)


def _fault(name: str, field: Field) -> str:
    thing = "property" if field.system is System.HUBSPOT else "column"
    names = [*(option.value for option in field.options), *(option.label for option in field.options)]
    known = some_of([f"`{option.value}`" for option in field.options], _MOST_NAMED)
    near = nearest(name, names) or f" It has {known}."
    return f"`{name}` is no option of the {field.object} {thing} `{field.name}` of {field.system}.{near}"
