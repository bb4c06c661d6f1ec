"""Which values the control plane takes: checked as a whole before anything is switched.

Facts
    * A refusal is one sentence that names the value. What is refused has changed nothing.

Where it is used: `emulator.serving.control_api`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Check = Callable[[str, Any], None]
"""Raises ValueError, with a sentence that names the value, when a value is not allowed; takes the name to show."""
_LONGEST_SHOWN: Final = 80
_LONGEST_TEXT: Final = 1_000
_MOST_TEXTS: Final = 1_000
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]{0,4000}")
_SET_BY_SERVER: Final = frozenset({"content-length", "transfer-encoding", "connection"})


def refuse_unknown(what: str, body: Any, known: Sequence[str]) -> None:
    """Raises ValueError unless a body is an object whose names are all known."""
    if not isinstance(body, Mapping):
        raise ValueError(f"{what} takes an object, not {shown(body)}")
    for name in body:
        if name not in known:
            raise ValueError(f"{what} has no {shown_name(name)}")


def check_values(body: Mapping[str, Any], checks: Mapping[str, Check]) -> None:
    """Raises ValueError for the first value of a body that its check refuses; names without a check are free."""
    for name, value in body.items():
        if name in checks:
            checks[name](name, value)


def shown(value: Any) -> str:
    """A value as a sentence names it: its beginning."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def shown_name(name: str) -> str:
    """A name as a sentence names it: its beginning."""
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."


def flag(name: str, value: Any) -> None:
    """Takes true and false."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, not {shown(value)}")


def whole(lowest: int, highest: int) -> Check:
    """Takes whole numbers from `lowest` to `highest`."""

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValueError(f"{name} must be a whole number from {lowest} to {highest}, not {shown(value)}")

    return check


def number(lowest: float, highest: float) -> Check:
    """Takes numbers from `lowest` to `highest`."""

    def check(name: str, value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not lowest <= value <= highest:
            raise ValueError(f"{name} must be a number from {lowest:g} to {highest:g}, not {shown(value)}")

    return check


def one_of(*choices: Any) -> Check:
    """Takes these values alone."""

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool | list | dict | float) or value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(map(str, choices))}, not {shown(value)}")

    return check


def text(name: str, value: Any) -> None:
    """Takes texts of at most 1,000 characters."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError(f"{name} must be a text of at most {_LONGEST_TEXT} characters, not {shown(value)}")


def texts(name: str, value: Any) -> None:
    """Takes lists of at most 1,000 texts."""
    if not isinstance(value, list) or len(value) > _MOST_TEXTS:
        raise ValueError(f"{name} must be a list of at most {_MOST_TEXTS} texts, not {shown(value)}")
    for item in value:
        text(name, item)


def or_null(check: Check) -> Check:
    """Takes null, and what another check takes."""

    def check_unless_null(name: str, value: Any) -> None:
        if value is not None:
            check(name, value)

    return check_unless_null


def object_of(check: Check) -> Check:
    """Takes objects of at most 1,000 names whose values another check takes."""

    def check_each(name: str, value: Any) -> None:
        if not isinstance(value, Mapping) or len(value) > _MOST_TEXTS:
            raise ValueError(f"{name} must be an object of at most {_MOST_TEXTS} names, not {shown(value)}")
        for key, item in value.items():
            text(name, key)
            check(f"{name}.{shown_name(key)}", item)

    return check_each


def headers(name: str, value: Any) -> None:
    """Takes objects of names and values that HTTP can send, without those that the server sets itself."""
    object_of(text)(name, value)
    for key, item in value.items():
        if _TOKEN.fullmatch(key) is None or _HEADER_VALUE.fullmatch(item) is None or key.lower() in _SET_BY_SERVER:
            raise ValueError(f"{name} cannot be sent with {shown(key)}: {shown(item)}")


_MANY: Final = 1_000_000_000
_LONG_S: Final = 600.0
FAULT_VALUES: Final[Mapping[str, Check]] = {
    "portal": one_of("*", "hubspot", "dynamics"),
    "method": one_of("*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
    "path": text,
    "times": whole(1, _MANY),
    "skip": whole(0, _MANY),
    "status": or_null(whole(200, 599)),
    "headers": headers,
    "delay_s": number(0, _LONG_S),
    "cut": flag,
    "repeat_page": flag,
    "short_page": or_null(whole(1, _MANY)),
}
RIGHTS_VALUES: Final[Mapping[str, Check]] = {
    "scopes": or_null(texts),
    "tokens": object_of(or_null(texts)),
    "application_user": flag,
    "missing_privileges": texts,
    "missing_tables": texts,
}
LIMIT_VALUES: Final[Mapping[str, Check]] = {
    "enforced": flag,
    "hubspot_requests": whole(0, _MANY),
    "hubspot_window_s": number(0, 86_400),
    "hubspot_daily": whole(0, _MANY),
    "hubspot_search_requests": whole(0, _MANY),
    "hubspot_search_window_s": number(0, 86_400),
    "hubspot_url_characters": whole(0, 262_144),
    "hubspot_index_lag_s": number(0, 86_400),
    "hubspot_latency_s": number(0, _LONG_S),
    "hubspot_refusal_shape": one_of("policy", "category", "both"),
    "dataverse_requests": whole(0, _MANY),
    "dataverse_execution_ms": number(0, _MANY),
    "dataverse_window_s": number(0, 86_400),
    "dataverse_concurrent": whole(0, _MANY),
    "dataverse_dop_hint": whole(0, _MANY),
    "dataverse_url_characters": whole(0, 262_144),
    "dataverse_request_ms": number(0, _MANY),
    "dataverse_latency_s": number(0, _LONG_S),
}
SIGN_IN_VALUES: Final[Mapping[str, Check]] = {
    "device_approval": one_of("automatic", "manual"),
    "device_interval_s": whole(0, 3_600),
    "public_client": flag,
}
