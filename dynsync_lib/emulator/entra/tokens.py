"""Tokens, refresh tokens, codes and device codes that the sign-in has issued.

Facts
    * Everything is made from a counter: the same run issues the same tokens. They open nothing but the emulator.
    * An access token lives an hour by the emulator's clock; the static one does not expire.
    * An id token is what `msal` needs to remember who signed in; it is signed with a key that nobody checks.

Not modelled
    * The contents of real access tokens: here they are opaque, and clients must treat them so.

Where it is used: `emulator.entra.sign_in`, `emulator.entra.grants`, `emulator.serving`.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

STATIC_TOKEN: Final = "emulator-static-token"  # noqa: S105 - opens nothing but the emulator
USER_ID: Final = "0aa0c0de-0000-4000-8000-00000000a009"
USER_NAME: Final = "admin@contoso.example"
TOKEN_LIFE_S: Final = 3_600
DEVICE_LIFE_S: Final = 900
AUTOMATIC_AFTER_POLLS: Final = 1


@dataclass(frozen=True, slots=True)
class Device:
    """One sign-in by device code.

    `decision` is pending, approve or decline; `polls` counts the client's token requests.
    """

    user_code: str
    scope: str
    expires_s: float
    decision: str = "pending"
    polls: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """One authorization code: the redirect address it is bound to, and the challenge that its verifier must match."""

    redirect_uri: str
    scope: str
    challenge: str
    expires_s: float
    nonce: str = ""


class TokenBook:
    """The tokens and codes that were issued, shared by all threads. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._expires_s: dict[str, float] = {STATIC_TOKEN: float("inf")}
        self._refresh: dict[str, str] = {}
        self._codes: dict[str, Code] = {}
        self._devices: dict[str, Device] = {}

    def accepts(self, token: str, at_s: float) -> bool:
        """Whether the token was issued here and has not expired."""
        return self._expires_s.get(token, 0.0) > at_s

    def issue(self, at_s: float) -> str:
        """A new access token."""
        token = f"emulator-token-{self._next()}"
        self._expires_s[token] = at_s + TOKEN_LIFE_S
        return token

    def issue_refresh(self, scope: str) -> str:
        """A new refresh token for a scope."""
        token = f"emulator-refresh-{self._next()}"
        self._refresh[token] = scope
        return token

    def refresh_scope(self, token: str) -> str | None:
        """The scope of a refresh token; None when nobody issued it."""
        return self._refresh.get(token)

    def issue_code(self, code: Code) -> str:
        """A new authorization code."""
        name = f"emulator-code-{self._next()}"
        self._codes[name] = code
        return name

    def redeem_code(self, name: str) -> Code | None:
        """An authorization code by its text, which then is used up; None when it is unknown or was redeemed before."""
        return self._codes.pop(name, None)

    def start_device(self, scope: str, at_s: float) -> tuple[str, Device]:
        """A new device code and its sign-in."""
        number = self._next()
        device = Device(f"EMUL{number:05d}", scope, at_s + DEVICE_LIFE_S)
        self._devices[f"emulator-device-{number}"] = device
        return f"emulator-device-{number}", device

    def poll_device(self, code: str) -> Device | None:
        """A device sign-in as it was before this poll, which is counted; None when the code is unknown."""
        with self._lock:
            device = self._devices.get(code)
            if device is not None:
                self._devices[code] = replace(device, polls=device.polls + 1)
        return device

    def end_device(self, code: str) -> None:
        """Forgets a device sign-in that is over."""
        self._devices.pop(code, None)

    def decide_devices(self, decision: str, user_code: str | None = None) -> int:
        """Approves or declines the pending sign-in of a user code, or all when it is None; gives the number of them."""
        with self._lock:
            chosen = [
                code
                for code, device in self._devices.items()
                if device.decision == "pending" and user_code in (None, device.user_code)
            ]
            for code in chosen:
                self._devices[code] = replace(self._devices[code], decision=decision)
        return len(chosen)

    def devices(self) -> list[Device]:
        """The sign-ins that are not over, oldest first."""
        with self._lock:
            return list(self._devices.values())

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number


def id_token(*, issuer: str, tenant_id: str, client_id: str, at_s: float, nonce: str = "") -> str:
    """A JSON web token that says who signed in."""
    claims: dict[str, Any] = {
        "aud": client_id,
        "iss": issuer,
        "iat": int(at_s),
        "nbf": int(at_s),
        "exp": int(at_s) + TOKEN_LIFE_S,
        "name": "Emulator administrator",
        "oid": USER_ID,
        "preferred_username": USER_NAME,
        "sub": USER_ID,
        "tid": tenant_id,
        "ver": "2.0",
        **({"nonce": nonce} if nonce else {}),
    }
    return ".".join((encoded({"typ": "JWT", "alg": "RS256", "kid": "emulator"}), encoded(claims), "ZW11bGF0b3I"))


def client_info(tenant_id: str) -> str:
    """The ids of user and tenant as `msal` asks for them with `client_info=1`, encoded."""
    return encoded({"uid": USER_ID, "utid": tenant_id})


def encoded(value: Mapping[str, Any]) -> str:
    """JSON in unpadded base64 for addresses."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
