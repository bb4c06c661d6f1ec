"""`$batch`: many requests in one, and change sets that succeed or fail as a whole (portal-apis 6.6).

Facts
    * At most 1,000 requests; a request line has at most 65,536 characters, all answers together 64 MiB. Time grows with
      the length of the text alone. Lines end in CR LF. The first failure ends the batch unless
      `Prefer: odata.continue-on-error`.
    * The address of a request line is all between its first and its last blank, and may hold blanks itself; it may be
      full, begin at the host, or be relative to the API.
    * A change set holds no GET; each of its requests has a `Content-ID`, by which later ones refer to it as `$1`.

Where it is used: `emulator.dataverse.api`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from dynsync_lib.emulator.calls import Call, Refusal, Reply
from dynsync_lib.emulator.dataverse.names import refused
from dynsync_lib.emulator.dataverse.prefer import read_preferences
from dynsync_lib.emulator.store.records import Store

MOST_REQUESTS: Final = 1_000
LONGEST_BODY: Final = 16 * 1_048_576
"""Characters of the body of one request, with the addresses that its references stand for."""
LONGEST_ADDRESS: Final = 65_536
"""Characters of a request line."""
LONGEST_ANSWER: Final = 64 * 1_048_576
"""Bytes of the answers to all requests; the one that goes beyond is refused and ends the batch."""
_REFERENCE: Final = re.compile(r'"(\$[^"\r\n]{1,100})"')
_BOUNDARY: Final = re.compile(r'boundary="?([^";\s]+)"?')
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"})
_NEWLINE: Final = "\r\n"
Route = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a batch: its own headers, and the text that follows them."""

    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to one part: its text, and whether it failed."""

    text: str
    failed: bool


class BatchFailed(Exception):  # noqa: N818 - undoes a change set, not a fault of the program
    """Raised when a request of a change set fails; carries its reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"status {reply.status}")
        self.reply = reply


def answer_batch(store: Store, call: Call, route: Route) -> Reply:
    """The reply of `POST $batch`; `route` answers one request."""
    boundary = _BOUNDARY.search(call.header("content-type"))
    if boundary is None:
        raise refused(400, "0x80060888", "The batch names no boundary.")
    parts = read_parts(_text_of(call), boundary[1])
    if sum(_requests_in(part) for part in parts) > MOST_REQUESTS:
        raise refused(400, "0x80060888", f"A batch holds at most {MOST_REQUESTS} requests.")
    name = f"batchresponse_{call.correlation_id}"
    texts: list[str] = []
    left = LONGEST_ANSWER
    for part in parts:
        done = _answer_part(store, call, route, part)
        left -= len(done.text)
        if left < 0:
            done = _too_much()
        texts.append(f"--{name}{_NEWLINE}{done.text}")
        if left < 0:
            break
        if done.failed and not read_preferences(call).continues_on_error:
            break
    text = "".join(texts) + f"--{name}--{_NEWLINE}"
    return Reply(200, text.encode(), media_type=f"multipart/mixed; boundary={name}")


def _too_much() -> Done:
    sentence = f"The answers to a batch have at most {LONGEST_ANSWER:,} bytes: ask for less at once."
    return Done(_reply_text(refused(400, "0x80060888", sentence).reply, None), failed=True)


def _text_of(call: Call) -> str:
    try:
        return call.body.decode()
    except UnicodeDecodeError:
        raise refused(400, "0x80060888", "The batch is no text in UTF-8.") from None


def _requests_in(part: Part) -> int:
    """How many requests a part holds: those of a change set, or one."""
    inner = _BOUNDARY.search(part.headers.get("content-type", ""))
    return part.body.count(f"--{inner[1]}{_NEWLINE}") if inner is not None else 1


def read_parts(text: str, boundary: str) -> list[Part]:
    """The parts between the boundary lines. Raises Refusal 400 when lines do not end in CR LF."""
    count = text.count(f"--{boundary}{_NEWLINE}")
    if not count:
        raise refused(400, "0x80060888", "The batch has no part, or its lines do not end in CR LF.")
    if count > MOST_REQUESTS:
        raise refused(400, "0x80060888", f"A batch holds at most {MOST_REQUESTS} requests.")
    inner = text.split(f"--{boundary}--")[0].split(f"--{boundary}{_NEWLINE}")[1:]
    return [_part(part) for part in inner]


def _part(text: str) -> Part:
    head, _, body = text.partition(_NEWLINE * 2)
    return Part(_headers(head.split(_NEWLINE)), body)


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _answer_part(store: Store, call: Call, route: Route, part: Part) -> Done:
    inner = _BOUNDARY.search(part.headers.get("content-type", ""))
    if inner is not None:
        return _answer_change_set(store, call, route, read_parts(part.body, inner[1]))
    reply = _answer_request(call, route, part, {})
    return Done(_reply_text(reply, None), reply.status >= HTTPStatus.BAD_REQUEST)


def _answer_change_set(store: Store, call: Call, route: Route, parts: list[Part]) -> Done:
    name = f"changesetresponse_{call.correlation_id}"
    addresses: dict[str, str] = {}
    texts = []
    try:
        with store.change():
            for part in parts:
                reply = _answer_in_change_set(call, route, part, addresses)
                texts.append(f"--{name}{_NEWLINE}{_reply_text(reply, part.headers['content-id'])}")
    except BatchFailed as failure:
        return Done(_reply_text(failure.reply, None), failed=True)
    head = f"Content-Type: multipart/mixed; boundary={name}{_NEWLINE * 2}"
    return Done(f"{head}{''.join(texts)}--{name}--{_NEWLINE}", failed=False)


def _answer_in_change_set(call: Call, route: Route, part: Part, addresses: dict[str, str]) -> Reply:
    if "content-id" not in part.headers:
        raise BatchFailed(refused(400, "0x80060888", "The Content-ID header is not present.").reply)
    if part.body.lstrip().startswith(("GET ", "HEAD ")):
        raise BatchFailed(refused(400, "0x80060888", "A change set holds no GET.").reply)
    reply = _answer_request(call, route, part, addresses)
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise BatchFailed(reply)
    if "OData-EntityId" in reply.headers:
        addresses[f"${part.headers['content-id']}"] = reply.headers["OData-EntityId"]
    return reply


def _answer_request(call: Call, route: Route, part: Part, addresses: Mapping[str, str]) -> Reply:
    line, _, rest = part.body.partition(_NEWLINE)
    if len(line) > LONGEST_ADDRESS:
        return refused(400, "0x80060888", f"A request line has at most {LONGEST_ADDRESS} characters.").reply
    method, address_text = _read_line(line)
    if method not in _METHODS or not address_text:
        return refused(400, "0x80060888", f"The request line '{line[:200]}' cannot be read.").reply
    head, _, body = f"{_NEWLINE}{rest}".partition(_NEWLINE * 2)
    headers = {"authorization": call.header("authorization"), **_headers(head.split(_NEWLINE))}
    address = urlsplit(_absolute(_referred(address_text, addresses)))
    text = _bound(body.rstrip(_NEWLINE), addresses)
    if len(text) > LONGEST_BODY:
        return refused(400, "0x80060888", "The body is too long with what its references stand for.").reply
    inner = replace(
        call,
        method=method,
        path=unquote(address.path),
        raw_path=address.path,
        raw_query=address.query.replace(" ", "%20"),
        headers=headers,
        body=text.encode(),
    )
    try:
        return route(inner)
    except Refusal as refusal:
        return refusal.reply


def _read_line(line: str) -> tuple[str, str]:
    """The method and the address of a request line; no address when it does not end in HTTP/1.1."""
    method, _, rest = line.strip().partition(" ")
    address, _, version = rest.rpartition(" ")
    return method, address.strip() if version == "HTTP/1.1" else ""


def _absolute(address: str) -> str:
    """The full address of a request, which may be relative to the API, relative to the host, or full already."""
    return address if address.startswith(("http", "/")) else f"/api/data/v9.2/{address}"


def _referred(address: str, addresses: Mapping[str, str]) -> str:
    first, slash, rest = address.partition("/")
    return f"{addresses.get(first, first)}{slash}{rest}" if first.startswith("$") else address


def _bound(body: str, addresses: Mapping[str, str]) -> str:
    """The body with `"$1"` replaced by the address of the row that the request with Content-ID 1 created."""
    return _REFERENCE.sub(lambda match: f'"{addresses.get(match[1], match[1])}"', body) if addresses else body


def _reply_text(reply: Reply, content_id: str | None) -> str:
    numbered = [f"Content-ID: {content_id}"] if content_id is not None else []
    outer = ["Content-Type: application/http", "Content-Transfer-Encoding: binary", *numbered]
    kind = [f"Content-Type: {reply.media_type}"] if reply.body else []
    head = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", "OData-Version: 4.0", *kind]
    headers = [f"{name}: {value}" for name, value in reply.headers.items()]
    return _NEWLINE.join([*outer, "", *head, *headers, "", reply.body.decode(), ""])
