"""The control plane `/__emu/`: faults, rights, sign-in, log. For tests and training, without a token.

Facts
    * A body is JSON and says so in its Content-Type. It is checked as a whole before anything is switched: what is
      refused (400, with a sentence that names the value) has changed nothing.

Where it is used: `emulator.serving.emulator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switch_values import (
    FAULT_VALUES,
    LIMIT_VALUES,
    RIGHTS_VALUES,
    SIGN_IN_VALUES,
    Check,
    check_values,
    flag,
    number,
    one_of,
    or_null,
    refuse_unknown,
    shown,
    text,
)
from dynsync_lib.emulator.conditions.switches import Conditions, Fault, PortalFacts, Rights, SignInSwitches
from dynsync_lib.emulator.entra.errors import SIGN_IN_ERRORS
from dynsync_lib.emulator.json_texts import parse_json
from dynsync_lib.emulator.serving.portals_here import Portals

PREFIX: Final = "/__emu/"
ACCOUNT_TYPES: Final = ("APP_DEVELOPER", "DEVELOPER_TEST", "SANDBOX", "STANDARD")
ORGANIZATION_TYPES: Final = (
    *("Customer", "Secondary", "Default", "CustomerTest", "CustomerFreeTest", "CustomerPreview", "TestDrive"),
    *("EmailTrial", "Developer", "Trial", "Teams", "Monitoring", "Support", "BackEnd", "Placeholder"),
    *("MsftInvestigation", "Platform"),
)
_DECISIONS: Final = ("approve", "decline")
_PORTAL_VALUES: Final[Mapping[str, Check]] = {
    "account_type": or_null(one_of(*ACCOUNT_TYPES)),
    "organization_type": or_null(one_of(*ORGANIZATION_TYPES)),
}
_CLOCK_VALUES: Final[Mapping[str, Check]] = {
    "stop_at": or_null(text),
    "advance_s": number(0, 100 * 366 * 86_400),
    "reset": flag,
}
_DEVICE_VALUES: Final[Mapping[str, Check]] = {"decision": one_of(*_DECISIONS), "user_code": or_null(text)}
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The latest time of the clock: certificates, tokens and cookies must have ends that a date can say."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the control plane.

    `run` gets the JSON body, an object whose names are all in `names` (None: any JSON, which it checks itself), and
    gives the JSON answer, None when there is nothing to say; `note` is its line in docs/emulator.md.
    """

    method: str
    name: str
    run: Callable[[Control, Any], Mapping[str, Any] | None]
    note: str
    names: tuple[str, ...] | None = ()


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
        kind = call.header("content-type").partition(";")[0].strip().lower()
        if kind != "application/json" and (kind or call.body):
            sentence = f"The control plane takes JSON: send Content-Type: application/json, not {kind[:80] or 'none'}."
            return json_reply({"error": sentence}, status=415)
        try:
            body = parse_json(call.body.decode() or "{}")
            if command.names is not None:
                refuse_unknown(command.name, body, command.names)
            answer = command.run(self, body)
        except (ValueError, RecursionError) as error:
            return json_reply({"error": f"The request cannot be used: {error}"}, status=400)
        return json_reply({"done": command.name} if answer is None else answer)


def read_fault(body: Any) -> Fault:
    """The fault that a JSON object describes. Raises ValueError for an unknown name or a value that is not allowed."""
    fault: Fault = _read("a fault", Fault, body, FAULT_VALUES)
    return fault


def _read(what: str, kind: type[Any], body: Any, checks: Mapping[str, Check], now: Any = None) -> Any:
    """A value of this kind from a JSON object; names left out keep the value of `now`, or the default.

    Raises ValueError for an unknown name or a value that is not allowed.
    """
    known = _names_of(kind)
    refuse_unknown(what, body, known)
    check_values(body, checks)
    return kind(**{**({} if now is None else {name: getattr(now, name) for name in known}), **body})


def _names_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _reset(control: Control, body: Any) -> None:
    del body
    control.conditions.reset()


def _add_faults(control: Control, body: Any) -> None:
    control.conditions.add_faults([read_fault(fault) for fault in (body if isinstance(body, list) else [body])])


def _clear_faults(control: Control, body: Any) -> None:
    del body
    control.conditions.clear_faults()


def _set_rights(control: Control, body: Mapping[str, Any]) -> None:
    rights: Rights = _read("rights", Rights, body, RIGHTS_VALUES)
    control.conditions.rights = replace(
        rights,
        scopes=_set(rights.scopes),
        tokens={name: _set(value) for name, value in rights.tokens.items()},
        missing_privileges=frozenset(rights.missing_privileges),
        missing_tables=frozenset(rights.missing_tables),
    )


def _set(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(value)


def _set_sign_in(control: Control, body: Mapping[str, Any]) -> None:
    refusal = {"refuse_with": or_null(one_of(*sorted(SIGN_IN_ERRORS)))}
    switches: SignInSwitches = _read(
        "sign_in", SignInSwitches, body, {**SIGN_IN_VALUES, **refusal}, control.conditions.sign_in
    )
    control.conditions.sign_in = switches


def _reseed(control: Control, body: Any) -> None:
    del body
    control.portals.reseed()


def _set_limits(control: Control, body: Mapping[str, Any]) -> Mapping[str, Any]:
    limits: Limits = _read("limits", Limits, body, LIMIT_VALUES, control.conditions.limits)
    control.conditions.set_limits(limits)
    return asdict(control.conditions.limits)


def _set_portals(control: Control, body: Mapping[str, Any]) -> None:
    facts: PortalFacts = _read("portals", PortalFacts, body, _PORTAL_VALUES, control.conditions.portals)
    control.conditions.portals = facts


def _set_clock(control: Control, body: Mapping[str, Any]) -> Mapping[str, Any]:
    check_values(body, _CLOCK_VALUES)
    clock, advance_s = control.conditions.clock, float(body.get("advance_s", 0))
    stop_at_s = None if body.get("stop_at") is None else _moment_s(body["stop_at"])
    begins_s = clock.now_s() if stop_at_s is None and not body.get("reset") else stop_at_s or 0.0
    if begins_s + advance_s > _LATEST.timestamp():
        raise ValueError(f"advance_s would move the clock behind the year {_LATEST.year}: {shown(advance_s)}")
    if stop_at_s is not None:
        clock.stop(stop_at_s)
    elif body.get("reset"):
        clock.reset()
    clock.advance(advance_s)
    return _get_clock(control, None)


def _moment_s(stop_at: str) -> float:
    """Seconds since 1970 of a moment in ISO form, UTC without a zone. Raises ValueError for what is none."""
    moment = datetime.fromisoformat(stop_at)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not datetime(1970, 1, 2, tzinfo=UTC) <= moment <= _LATEST:
        raise ValueError(f"stop_at must lie between 1970 and {_LATEST.year}, not at {stop_at}")
    return moment.timestamp()


def _get_clock(control: Control, body: Any) -> Mapping[str, Any]:
    del body
    now_s = control.conditions.clock.now_s()
    return {"now_s": now_s, "now": datetime.fromtimestamp(now_s, tz=UTC).isoformat()}


def _decide_device(control: Control, body: Any) -> Mapping[str, Any]:
    check_values(body, _DEVICE_VALUES)
    decision = body.get("decision", "approve")
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


_NAMES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "clock": tuple(_CLOCK_VALUES),
    "device": tuple(_DEVICE_VALUES),
    "faults": None,
    "limits": _names_of(Limits),
    "portals": _names_of(PortalFacts),
    "rights": _names_of(Rights),
    "sign_in": _names_of(SignInSwitches),
}
COMMANDS: Final = tuple(
    Command(method, name, run, note, _NAMES.get(name, ()) if method == "POST" else ())
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
