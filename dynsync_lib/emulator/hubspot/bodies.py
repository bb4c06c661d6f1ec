"""Reads what HubSpot's routes share: the JSON object of a body, the inputs of a batch, the size of a page.

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
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


def read_inputs(call: Call, *, with_ids: bool = False) -> list[dict[str, Any]]:
    """The inputs of a batch. Raises Refusal 400 when they are no list of objects or, `with_ids`, one has no id."""
    inputs = read_body(call).get("inputs")
    needed = {"id"} if with_ids else set()
    if not isinstance(inputs, list) or not all(isinstance(item, dict) and needed <= item.keys() for item in inputs):
        objects = "objects with an 'id'" if with_ids else "objects"
        raise invalid(call, f"Invalid input JSON: 'inputs' must be a list of {objects}")
    return inputs


def refuse_too_many(call: Call, inputs: Sequence[Any], *, most: int) -> None:
    """Raises Refusal 400 when a batch has more than `most` inputs."""
    if len(inputs) > most:
        raise invalid(call, f"The maximum number of inputs supported in a batch request is {most}, not {len(inputs)}")
