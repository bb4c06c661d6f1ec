"""Dataverse's `$batch`: many requests in one, each answered by itself (portal-apis 6.6).

Facts
    * Lines end in CR LF. With `Prefer: odata.continue-on-error` a refused request does not end the batch.

Where it is used: `rehearsal.writing.dataverse`.
"""

from __future__ import annotations

import email.policy
from collections.abc import Sequence
from email.parser import BytesParser
from typing import Final

import httpx

from dynsync_lib.errors import AnswerLostError
from dynsync_lib.listing import counted

BOUNDARY: Final = "batch_dynsync"
HEADERS: Final = {
    "Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"',
    "Prefer": "odata.continue-on-error",
}
_LINE: Final = "\r\n"
_PART: Final = ("Content-Type: application/http", "Content-Transfer-Encoding: binary", "")


def batch_text(requests: Sequence[tuple[str, str]]) -> bytes:
    """The body of a batch of requests without bodies: method and path of each."""
    lines: list[str] = []
    for method, path in requests:
        lines += [f"--{BOUNDARY}", *_PART, f"{method} {path} HTTP/1.1", "Accept: application/json", "", ""]
    return _LINE.join([*lines, f"--{BOUNDARY}--", ""]).encode()


def statuses_of(response: httpx.Response, expected: int) -> list[int]:
    """The HTTP status of each answer in a batch, in order.

    Raises AnswerLostError when there are not as many as expected, or the answer is no batch.
    """
    head = f"Content-Type: {response.headers.get('content-type', '')}{_LINE * 2}".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + response.content)
    parts = message.get_payload() if message.is_multipart() else []
    lines = [str(part.get_payload()).lstrip().partition("\n")[0].split() for part in parts if not isinstance(part, str)]
    statuses = [int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()]
    if len(statuses) != expected:
        raise AnswerLostError(
            f"Dynamics answers a batch of {counted(expected, 'request', 'requests')} with "
            f"{counted(len(statuses), 'answer', 'answers')}.",
            next_step="Run the same command again: it looks what was done, and goes on from there.",
        )
    return statuses
