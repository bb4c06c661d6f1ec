"""Which options of two choices belong together, and which stand alone.

Facts
    * The mapping's own `options`, where given, alone decide; else `option_pairing` does (Q16): by label without case,
      by internal value, or not at all.
    * Of several partners the first counts, in the order of the mapping's pairs, then of the target's options.

Not modelled
    * Options that HubSpot shows and its API hides.

Source: rule field.option-pairing (5.11, 5.12).
"""

from __future__ import annotations

from collections.abc import Mapping

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.keys import trim
from dynsync_lib.core.model import System

OptionPairs = tuple[tuple[str, str], ...]
"""Internal values that belong together: HubSpot's, Dynamics's."""


def pair_options(own: Mapping[str, str], hubspot: Field, dynamics: Field, pairing: str) -> OptionPairs:
    """The pairs of two choices, in the order of HubSpot's options, then of Dynamics's.

    `own` are the mapping's pairs, HubSpot's value to Dynamics's; `pairing` is `label_ci`, `value` or `explicit`. Each
    option is looked at once.
    """
    if own or pairing == "explicit":
        return tuple(own.items())
    by_sign: dict[str, list[str]] = {}
    for option in dynamics.options:
        by_sign.setdefault(_sign(option, pairing), []).append(option.value)
    signed = ((option.value, _sign(option, pairing)) for option in hubspot.options)
    return tuple((value, partner) for value, sign in signed for partner in by_sign.get(sign, ()))


def _sign(option: Option, pairing: str) -> str:
    """What two options must share to belong together."""
    return option.value if pairing == "value" else trim(option.label).casefold()


def partners_of(pairs: OptionPairs, source: System) -> dict[str, str]:
    """What each value of `source` becomes on the other side; values without a partner are left out."""
    partners: dict[str, str] = {}
    for hubspot, dynamics in pairs:
        ours, theirs = (hubspot, dynamics) if source is System.HUBSPOT else (dynamics, hubspot)
        partners.setdefault(ours, theirs)
    return partners
