"""The control plane `/__emu/`: faults, rights, sign-in, log. For tests and training, without a token.

Where it is used: `emulator.serving.emulator`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switches import Conditions, Fault, PortalFacts, Rights, SignInSwitches
from dynsync_lib.emulator.entra.errors import SIGN_IN_ERRORS
from dynsync_lib.emulator.serving.portals_here import Portals

PREFIX: Final = "/__emu/"
_SETS: Final = ("scopes", "missing_privileges", "missing_tables")
ACCOUNT_TYPES: Final = ("APP_DEVELOPER", "DEVELOPER_TEST", "SANDBOX", "STANDARD")
ORGANIZATION_TYPES: Final = (
    *("Customer", "Secondary", "Default", "CustomerTest", "CustomerFreeTest", "CustomerPreview", "TestDrive"),
    *("EmailTrial", "Developer", "Trial", "Teams", "Monitoring", "Support", "BackEnd", "Placeholder"),
    *("MsftInvestigation", "Platform"),
)
_DECISIONS: Final = ("approve", "decline")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the control plane.

    `run` gets the JSON body and gives the JSON answer, None when there is nothing to say; `note` is its line in
    docs/emulator.md.
    """

    method: str
    name: str
    run: Callable[[Control, Any], Mapping[str, Any] | None]
    note: str


class Control:
    """Answers the control plane of one emulator."""

    def __init__(self, conditions: Conditions, portals: Portals) -> None:
        self.conditions, self.portals = conditions, portals

    def answer(self, call: Call) -> Reply:
        """The reply to a call: 400 for a body that cannot be used, 501 for a command that does not exist."""
        name = call.path.removeprefix(PREFIX)
        for command in COMMANDS:
            if (command.method, command.name) == (call.method, name):
                return self._run(command, call)
        return json_reply({"error": f"The emulator has no {call.method} {PREFIX}{name}."}, status=501)

    def _run(self, command: Command, call: Call) -> Reply:
        try:
            answer = command.run(self, json.loads(call.body or b"{}"))
        except (ValueError, TypeError, KeyError) as error:
            return json_reply({"error": f"The request cannot be used: {error}"}, status=400)
        return json_reply({"done": command.name} if answer is None else answer)


def read_fault(body: Mapping[str, Any]) -> Fault:
    """The fault that a JSON object describes. Raises TypeError for an unknown name."""
    fault: Fault = _read("a fault", Fault, body)
    return fault


def _read(what: str, kind: type[Any], body: Mapping[str, Any], now: Any = None) -> Any:
    """A value of this kind from a JSON object; names left out keep the value of `now`, or the default.

    Raises TypeError for an unknown name.
    """
    known = {field.name for field in fields(kind)}
    for name in body:
        if name not in known:
            raise TypeError(f"{what} has no {name}")
    return kind(**{**({} if now is None else {name: getattr(now, name) for name in known}), **body})


def _reset(control: Control, body: Any) -> None:
    del body
    control.conditions.reset()


def _add_faults(control: Control, body: Any) -> None:
    control.conditions.add_faults([read_fault(fault) for fault in (body if isinstance(body, list) else [body])])


def _clear_faults(control: Control, body: Any) -> None:
    del body
    control.conditions.clear_faults()


def _set_rights(control: Control, body: Any) -> None:
    rights: dict[str, Any] = {name: _set(value) if name in _SETS else value for name, value in body.items()}
    rights["tokens"] = {name: _set(value) for name, value in body.get("tokens", {}).items()}
    control.conditions.rights = _read("rights", Rights, rights)


def _set(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(value)


def _set_sign_in(control: Control, body: Any) -> None:
    switches: SignInSwitches = _read("sign_in", SignInSwitches, body, control.conditions.sign_in)
    if switches.refuse_with is not None and switches.refuse_with not in SIGN_IN_ERRORS:
        raise ValueError(f"refuse_with must be one of {sorted(SIGN_IN_ERRORS)}")
    if switches.device_approval not in ("automatic", "manual"):
        raise ValueError("device_approval must be automatic or manual")
    control.conditions.sign_in = switches


def _reseed(control: Control, body: Any) -> None:
    del body
    control.portals.reseed()


def _set_limits(control: Control, body: Any) -> Mapping[str, Any]:
    limits: Limits = _read("limits", Limits, body, control.conditions.limits)
    if not isinstance(limits.enforced, bool):
        raise TypeError("enforced must be true or false")
    control.conditions.set_limits(limits)
    return asdict(control.conditions.limits)


def _set_portals(control: Control, body: Any) -> None:
    facts: PortalFacts = _read("portals", PortalFacts, body, control.conditions.portals)
    for name, value, allowed in (
        ("account_type", facts.account_type, ACCOUNT_TYPES),
        ("organization_type", facts.organization_type, ORGANIZATION_TYPES),
    ):
        if value is not None and value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}")
    control.conditions.portals = facts


def _set_clock(control: Control, body: Any) -> Mapping[str, Any]:
    clock = control.conditions.clock
    if body.get("stop_at") is not None:
        moment = datetime.fromisoformat(str(body["stop_at"]))
        clock.stop((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    elif body.get("reset"):
        clock.reset()
    clock.advance(float(body.get("advance_s", 0)))
    return _get_clock(control, None)


def _get_clock(control: Control, body: Any) -> Mapping[str, Any]:
    del body
    now_s = control.conditions.clock.now_s()
    return {"now_s": now_s, "now": datetime.fromtimestamp(now_s, tz=UTC).isoformat()}


def _decide_device(control: Control, body: Any) -> Mapping[str, Any]:
    decision = body.get("decision", "approve")
    if decision not in _DECISIONS:
        raise ValueError(f"decision must be one of {_DECISIONS}")
    return {"decided": control.portals.decide_devices(decision, body.get("user_code"))}


def _log(control: Control, body: Any) -> Mapping[str, Any]:
    del body
    return {"requests": [asdict(entry) for entry in control.conditions.log()]}


def _health(control: Control, body: Any) -> Mapping[str, Any]:
    del control, body
    return {"status": "ok"}


def _state(control: Control, body: Any) -> Mapping[str, Any]:
    del body
    conditions = control.conditions
    return {
        "faults": [asdict(fault) for fault in conditions.waiting_faults()],
        "rights": {key: _plain(value) for key, value in asdict(conditions.rights).items()},
        "sign_in": asdict(conditions.sign_in),
        "portals": asdict(conditions.portals),
        "limits": asdict(conditions.limits),
        "clock": _get_clock(control, None),
        "devices": [asdict(device) for device in control.portals.devices()],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return sorted(value) if isinstance(value, frozenset) else value


COMMANDS: Final = tuple(
    Command(method, name, run, note)
    for method, name, run, note in (
        ("GET", "health", _health, "answers when the emulator serves"),
        ("GET", "log", _log, "the last 10,000 requests; no token, no body, addresses masked"),
        ("GET", "state", _state, "faults that wait, rights, sign-in, limits, clock, device sign-ins that wait"),
        ("GET", "clock", _get_clock, "the emulator's time"),
        ("POST", "clock", _set_clock, "`stop_at` an ISO moment, `advance_s` seconds, `reset` to the start's"),
        ("POST", "reset", _reset, "no fault, all rights, the limits and the sign-in of the start, empty log"),
        ("POST", "reseed", _reseed, "all records, properties and columns as in the world"),
        (
            "POST",
            "limits",
            _set_limits,
            "other limits, nothing used; `enforced` false switches them off; what is left out stays",
        ),
        ("POST", "portals", _set_portals, "`account_type` and `organization_type`: test or production"),
        ("POST", "faults", _add_faults, "adds one fault or a list of them"),
        ("DELETE", "faults", _clear_faults, "forgets the faults that wait"),
        ("POST", "rights", _set_rights, "what the callers may do; what is left out is allowed"),
        ("POST", "sign_in", _set_sign_in, "how the sign-in behaves; what is left out stays"),
        ("POST", "device", _decide_device, "approves or declines one device sign-in, or all that wait"),
    )
)
