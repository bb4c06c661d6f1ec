"""Who may call the emulator: programs and pages of this machine, and nobody by another name.

Facts
    * A page of the web can make a browser ask 127.0.0.1, and can let a name of its own point there (DNS rebinding).
      The browser then sends that name as Host, and where the page is from as Origin: either gives it away.
    * A body that is longer than allowed, or packed, is refused before it is read to its end; nothing is unpacked.

Where it is used: `emulator.serving.http_portal`, before faults, the log and the control plane.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from dynsync_lib.emulator.calls import Reply, json_reply

_US: Final = r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?"
_OURS: Final = {"Host": re.compile(_US, re.IGNORECASE), "Origin": re.compile(f"https?://{_US}", re.IGNORECASE)}
"""What this machine calls itself, in both headers."""
LONGEST_BODY: Final = 8 * 1_048_576
"""Bytes of a request's body."""
_LONGEST_SHOWN: Final = 80
_AS_IT_IS: Final = ("", "identity")


def refuse_stranger(request: Request) -> Reply | None:
    """421 for another Host than this machine's names, 403 for another Origin; None for who may call."""
    for name, status in (("Host", 421), ("Origin", 403)):
        for text in request.headers.getlist(name) or ([""] if name == "Host" else []):
            if _OURS[name].fullmatch(text) is None:
                shown = text[:_LONGEST_SHOWN] or "nothing"
                sentence = f"The emulator answers 127.0.0.1 and localhost alone, and {name} is {shown}."
                return json_reply({"error": sentence, "message": sentence}, status=status)
    return None


def refuse_packed(request: Request) -> Reply | None:
    """415 for a body that is packed (gzip and others), which the emulator never unpacks; None for a plain one."""
    packing = request.headers.get("content-encoding", "").strip().lower()
    if packing in _AS_IT_IS:
        return None
    sentence = f"The emulator takes bodies as they are, not with Content-Encoding {packing[:_LONGEST_SHOWN]}."
    return json_reply({"error": sentence, "message": sentence}, status=415, headers=_CLOSING)


async def read_body(request: Request, *, longest: int = LONGEST_BODY) -> bytes | None:
    """The body of a request; None when it is longer than allowed, which is known before the rest is read."""
    if int(request.headers.get("content-length") or 0) > longest:  # the server has refused what is no number
        return None
    pieces: list[bytes] = []
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if length > longest:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def too_long(longest: int = LONGEST_BODY) -> Reply:
    """413 for a body that is longer than allowed; the connection ends, since the rest of it is not read."""
    sentence = f"A body has at most {longest:,} bytes here."
    return json_reply({"error": sentence, "message": sentence}, status=413, headers=_CLOSING)


_CLOSING: Final = {"Connection": "close"}
