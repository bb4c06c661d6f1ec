"""Reads what HubSpot's routes share: the JSON object of a body, the size of a page.

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import json
from typing import Any

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.hubspot.errors import invalid, invalid_json


def read_limit(call: Call, *, default: int, most: int) -> int:
    """The page size asked for. Raises Refusal 400 when it is no number from 1 to `most`."""
    text = call.option("limit")
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise invalid(call, f"Invalid input: limit must be a number from 1 to {most}, not {text}")
    return int(text)


def read_body(call: Call) -> dict[str, Any]:
    """The JSON object of a request. Raises Refusal 400 when the body is something else."""
    try:
        body = json.loads(call.body or b"{}")
    except ValueError as error:
        raise invalid_json(call, str(error)) from None
    if not isinstance(body, dict):
        raise invalid_json(call, "an object is expected")
    return body
