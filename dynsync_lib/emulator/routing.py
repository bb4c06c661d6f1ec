"""Routes: which function answers a method and path, and a note on how complete the emulation is.

Where it is used: `emulator.hubspot.routes`, `emulator.dataverse.routes`, `emulator.entra.sign_in`; docs/emulator.md is
made from the routes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from dynsync_lib.emulator.calls import Call, Reply

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One method and path, and the function that answers it for a portal; `note` says how complete the emulation is.

    `shown` is the path as people write it, where that differs from the pattern's own form.
    """

    method: str
    path: re.Pattern[str]
    answer: Callable[[T, Call], Reply]
    note: str
    shown: str | None = None


def find_route(routes: Iterable[Route[T]], call: Call, path: str) -> tuple[Route[T], Call] | None:
    """The first route that matches a call, and the call with the parts of its path by name; None when none matches."""
    for route in routes:
        match = route.path.fullmatch(path) if route.method == call.method else None
        if match is not None:
            return route, call.named(match.groupdict())
    return None
