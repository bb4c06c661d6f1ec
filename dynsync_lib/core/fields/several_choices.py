"""Several choices in one field: HubSpot joins them with `;`, Dynamics with `,`.

Facts
    * Elements are trimmed; blanks and repetitions do not count, nor does their order.
    * Two values are equal when every element with a partner meets one that belongs to it on the other side.
    * What is written are the partners in the order of the target's options; elements without a partner stay behind.

Not modelled
    * Option values that hold a separator.

Source: rules field.several-choices, field.option-pairing; assumption `multiselect`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.option_pairs import OptionPairs, partners_of
from dynsync_lib.core.keys import OUTER
from dynsync_lib.core.model import System
from dynsync_lib.core.typed_values import no_text

_BETWEEN: Final = ";"
_SEPARATORS: Final = {System.HUBSPOT: ";", System.DYNAMICS: "[,;]"}
_JOINED_WITH: Final = {System.HUBSPOT: ";", System.DYNAMICS: ","}


def elements(value: nw.Expr, system: System) -> nw.Expr:
    """A trimmed value with every element between two semicolons, `;a;b;`; null stays null."""
    plain = value.str.replace_all(f"[{OUTER}]*{_SEPARATORS[system]}[{OUTER}]*", _BETWEEN)
    return nw.concat_str([nw.lit(_BETWEEN), plain, nw.lit(_BETWEEN)])


def is_one_element(text: str, system: System) -> bool:
    """Whether a text can be an element: it holds none of the separators."""
    return re.search(_SEPARATORS[system], text) is None


def element_list(value: nw.Expr, system: System) -> nw.Expr:
    """The elements of a trimmed value, each once, sorted: equal lists are equal sets; null stays null."""
    joined = elements(value, system).str.replace_all(f"{_BETWEEN}+", _BETWEEN).str.strip_chars(_BETWEEN)
    return joined.str.split(_BETWEEN).list.unique().list.sort()


def sets_equal(hubspot: nw.Expr, dynamics: nw.Expr, pairs: OptionPairs) -> nw.Expr:
    """Whether two trimmed values hold choices that belong together; null when one of them is null."""
    held = {System.HUBSPOT: elements(hubspot, System.HUBSPOT), System.DYNAMICS: elements(dynamics, System.DYNAMICS)}
    tests = [
        ~_holds(held[System.HUBSPOT], [ours]) | _holds(held[System.DYNAMICS], [d for h, d in pairs if h == ours])
        for ours in dict.fromkeys(h for h, _ in pairs)
    ]
    tests += [
        ~_holds(held[System.DYNAMICS], [theirs]) | _holds(held[System.HUBSPOT], [h for h, d in pairs if d == theirs])
        for theirs in dict.fromkeys(d for _, d in pairs)
    ]
    blank = hubspot.is_null() | dynamics.is_null()
    return nw.when(~blank).then(nw.all_horizontal(nw.lit(value=True), *tests, ignore_nulls=False))


def written_set(value: nw.Expr, pairs: OptionPairs, source: System, target: Field) -> nw.Expr:
    """The partners of a trimmed value of `source`, joined as the target joins them; null when none has a partner."""
    held = elements(value, source)
    partners = partners_of(pairs, source)
    chosen = [
        nw.when(_holds(held, [ours for ours, theirs in partners.items() if theirs == partner])).then(nw.lit(partner))
        for partner in _in_order(partners.values(), target)
    ]
    if not chosen:
        return no_text()
    joined = nw.concat_str(chosen, separator=_JOINED_WITH[target.system], ignore_nulls=True)
    return nw.when(joined != "").then(joined)


def _holds(held: nw.Expr, values: Sequence[str]) -> nw.Expr:
    tests = [held.str.contains(f"{_BETWEEN}{value}{_BETWEEN}", literal=True) for value in values]
    return nw.any_horizontal(*tests, ignore_nulls=False)


def _in_order(values: Iterable[str], target: Field) -> list[str]:
    """The values in the order of the target's options, those the target does not list last, by code point."""
    position = {option.value: number for number, option in reversed([*enumerate(target.options)])}
    return sorted(set(values), key=lambda value: (position.get(value, len(position)), value))
