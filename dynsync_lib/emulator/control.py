"""The control plane `/__emu/`: reset, faults, rights, log. For tests and training, without a token.

Where it is used: server.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.conditions import Conditions, Fault, Rights

PREFIX = "/__emu/"
_SETS = ("scopes", "missing_privileges", "missing_tables")


def answer_control(conditions: Conditions, call: Call) -> Reply:
    """The reply to a call of the control plane; 400 names what cannot be read, 501 what is not there."""
    name = call.path.removeprefix(PREFIX)
    try:
        body = json.loads(call.body or b"{}")
        return _answer(conditions, call.method, name, body)
    except (ValueError, TypeError, KeyError) as error:
        return json_reply({"error": f"The request cannot be used: {error}"}, status=400)


def _answer(conditions: Conditions, method: str, name: str, body: Any) -> Reply:
    if (method, name) == ("POST", "reset"):
        conditions.reset()
    elif (method, name) == ("POST", "faults"):
        conditions.add_faults([read_fault(one) for one in (body if isinstance(body, list) else [body])])
    elif (method, name) == ("DELETE", "faults"):
        conditions.clear_faults()
    elif (method, name) == ("POST", "rights"):
        conditions.rights = _read_rights(body)
    elif (method, name) == ("GET", "log"):
        return json_reply({"requests": [asdict(entry) for entry in conditions.log()]})
    elif (method, name) == ("GET", "state"):
        waiting = [asdict(fault) for fault in conditions.waiting_faults()]
        return json_reply(
            {"faults": waiting, "rights": {key: _plain(value) for key, value in asdict(conditions.rights).items()}}
        )
    else:
        return json_reply({"error": f"The emulator has no {method} {PREFIX}{name}."}, status=501)
    return json_reply({"done": name})


def read_fault(body: dict[str, Any]) -> Fault:
    """A fault out of JSON. Raises TypeError for a name that is no part of one."""
    known = {field.name for field in fields(Fault)}
    for name in body:
        if name not in known:
            raise TypeError(f"a fault has no {name}")
    return Fault(**body)


def _read_rights(body: dict[str, Any]) -> Rights:
    told: dict[str, Any] = {
        name: frozenset(value) if name in _SETS and value is not None else value for name, value in body.items()
    }
    return Rights(**told)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
