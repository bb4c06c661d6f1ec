"""Reads what HubSpot's routes share: the JSON object of a body, the inputs of a batch, the size of a page.

Where it is used: the other modules of this folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal
from dynsync_lib.emulator.hubspot.errors import invalid, invalid_json
from dynsync_lib.emulator.json_texts import parse_json

_JACKSON_FEATURE: Final = "\x60JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\x60"
_NO_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|-?Infinity|NaN', re.DOTALL)
"""A JSON text, ended or not, which is passed over, or one of the three numbers that JSON does not have."""


def read_limit(call: Call, *, default: int, most: int) -> int:
    """The page size asked for. Raises Refusal 400 when it is no number from 1 to `most`."""
    text = call.option("limit")
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise invalid(call, f"Invalid input: limit must be a number from 1 to {most}, not {text}")
    return int(text)


def asks_for_archived(call: Call) -> bool:
    """Whether archived records are asked for: the first value of `archived` counts, `true` in any case, untrimmed."""
    first = next((value for name, value in call.options if name == "archived"), "")
    return first.lower() == "true"


def read_json(call: Call, *, empty: str) -> Any:
    """The JSON of a request; `empty` is read when there is no body. Raises Refusal 400 for what is no JSON."""
    text = call.body.decode("utf-8", "replace") or empty
    number = next((token for token in _NO_NUMBER.finditer(text) if not token[0].startswith('"')), None)
    if number is not None:
        detail = f"Non-standard token '{number[0]}': enable {_JACKSON_FEATURE} to allow"
        line, column = _position(text, number.end())
        raise invalid_json(call, detail, line=line, column=column)
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as error:
        line, column = _position(text, error.pos) if isinstance(error, json.JSONDecodeError) else (1, 1)
        raise invalid_json(call, str(error), line=line, column=column) from None


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1, as HubSpot counts them: columns in bytes."""
    before = text[:offset]
    return before.count("\n") + 1, len(before.rpartition("\n")[2].encode("utf-8", "replace")) + 1


def read_body(call: Call) -> dict[str, Any]:
    """The JSON object of a request. Raises Refusal 400 when the body is something else."""
    body = read_json(call, empty="{}")
    if not isinstance(body, dict):
        raise invalid_json(call, "an object is expected")
    return body


def read_inputs(call: Call, *, with_ids: bool = False) -> list[dict[str, Any]]:
    """The inputs of a batch; `with_ids` takes a plain text for an object with that id, too.

    Raises Refusal 400 when they are no list of objects or, `with_ids`, one has no id.
    """
    inputs = read_body(call).get("inputs")
    if not isinstance(inputs, list):
        raise lacking(call, "inputs")
    read = [{"id": item} if with_ids and isinstance(item, str) else item for item in inputs]
    if not all(isinstance(item, dict) for item in read):
        raise invalid(call, "Invalid input JSON: 'inputs' must be a list of objects")
    if with_ids and any(item.get("id") is None for item in read):
        raise lacking(call, "id")
    return read


def lacking(call: Call, *names: str) -> Refusal:
    """400 for a body in which fields are missing that must be there."""
    line, column = _position(call.body.decode("utf-8", "replace").rstrip() or "{}", -1)
    where = f"Invalid input JSON on line {line}, column {column}."
    return invalid(call, f"{where} Some required fields were not set: [{', '.join(names)}]")


def refuse_too_many(call: Call, inputs: Sequence[Any], *, most: int) -> None:
    """Raises Refusal 400 when a batch has more than `most` inputs."""
    if len(inputs) > most:
        raise invalid(call, f"The maximum number of inputs supported in a batch request is {most}, not {len(inputs)}")
