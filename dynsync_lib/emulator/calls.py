"""A request (`Call`) and an answer (`Reply`) as plain values: every route is a function from the one to the other.

Facts
    * HubSpot sends `application/json;charset=utf-8`; Dataverse `application/json; odata.metadata=minimal`.
    * A query option may be repeated; both portals accept `+` for a space.

Where it is used: everywhere in the emulator; `emulator.serving` turns HTTP into calls and replies into HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

JsonValue = Any
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class PageTrick:
    """What a switched-on fault does to paging: `repeat_page` makes the next cursor point to the same page again,
    `short_page` is the most rows of a page (None: as usual)."""

    repeat_page: bool = False
    short_page: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    `path` is decoded, `raw_path` and `raw_query` are as sent, `headers` have lower-case names, `origin` is scheme and
    host as the client addressed them. `names` are the parts of the path that its route names, `at_s` is the emulator's
    time in seconds since 1970, `trick` what a fault does to paging.
    """

    method: str
    path: str
    raw_path: str = ""
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://127.0.0.1"
    names: Mapping[str, str] = field(default_factory=dict)
    at_s: float = 0.0
    correlation_id: str = ""
    trick: PageTrick = PageTrick()

    @property
    def options(self) -> list[tuple[str, str]]:
        """The query options in order, decoded; `+` is a space."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def option(self, name: str) -> str | None:
        """The last value of one query option, or None when it is not there."""
        return next((value for key, value in reversed(self.options) if key == name), None)

    def listed(self, name: str) -> list[str]:
        """All values of one option, whether it is repeated or holds commas; empty ones left out."""
        values = (part for key, value in self.options if key == name for part in value.split(","))
        return [part.strip() for part in values if part.strip()]

    def header(self, name: str) -> str:
        """A header by its lower-case name; empty when it is not there."""
        return self.headers.get(name, "")

    @property
    def bearer(self) -> str:
        """The bearer token, or empty."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def named(self, names: Mapping[str, str]) -> Call:
        """The same call with the parts of the path that its route names."""
        return replace(self, names=names)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    `headers` are those that the route adds; the API adds those that every answer of the portal carries.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json;charset=utf-8"

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """The same reply with more headers."""
        return replace(self, headers={**self.headers, **headers})


class Refusal(Exception):  # noqa: N818 - a reply in flight, not a fault of the program
    """Raised by a route to answer at once with an error reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"status {reply.status}")
        self.reply = reply


def json_bytes(value: JsonValue) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_reply(value: JsonValue, *, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, json_bytes(value), dict(headers))


def is_true(text: str | None) -> bool:
    """Whether a text spells yes: `true` in any case, or `1`. None is no."""
    return text is not None and text.strip().lower() in {"true", "1"}
