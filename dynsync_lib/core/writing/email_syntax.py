"""Whether an e-mail address that stands in any column is valid, as an expression.

Facts
    * The same test as `core.keys.is_valid_email`, for values that have no finished key.

Source: rule contact.invalid-email (9.13).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.keys import lower

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[\p{L}0-9](?:[\p{L}0-9-]*[\p{L}0-9])?"
_ADDRESS: Final = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"


def is_valid_address(address: nw.Expr, top_level_domains: Collection[str]) -> nw.Expr:
    """Whether a trimmed address is valid; null when the address is null."""
    last = typed_values.lowered(address.str.replace_all(r"^.*\.", ""))
    return address.str.contains(_ADDRESS) & last.is_in(_spellings(frozenset(top_level_domains)))


@cache
def _spellings(top_level_domains: frozenset[str]) -> tuple[str, ...]:
    """Every real last label, those outside ASCII both as `xn--` and in their own letters."""
    own = {_own_letters(label) for label in top_level_domains if label.startswith("xn--")}
    return tuple(sorted({lower(label) for label in (*top_level_domains, *own, "test", "example")}))


def _own_letters(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label
