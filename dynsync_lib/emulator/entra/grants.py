"""The token endpoint: what each grant type must bring, and what it gets (portal-apis 5.4, 8).

Facts
    * A client without a user proves itself by its secret or by an assertion that its certificate signed (PS256 or
      RS256), for the scope `{environment}/.default`.
    * A user signs in with a device code or a browser; a refresh token follows when `offline_access` is asked for.
    * Microsoft's library for Node names the device grant by its short form, `device_code`; both names are one grant.
    * Device flow is for public clients: where the switch is off, 7000218 says that a secret is missing.

Not modelled
    * On behalf of, password and federated grants: refused as unsupported. Consent per scope.

Where it is used: `emulator.entra.sign_in`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from dynsync_lib.emulator.calls import Call, Reply, json_reply
from dynsync_lib.emulator.conditions.switches import SignInSwitches
from dynsync_lib.emulator.entra.errors import sign_in_failure, sign_in_refused
from dynsync_lib.emulator.entra.tokens import AUTOMATIC_AFTER_POLLS, TOKEN_LIFE_S, TokenBook, client_info, id_token

CLIENT_ID: Final = "0aa0c0de-0000-4000-8000-00000000d001"
CLIENT_SECRET: Final = "emulator~client~secret"  # noqa: S105
DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
SHORT_DEVICE_GRANT: Final = "device_code"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OWN_HOSTS: Final = ("127.0.0.1", "localhost")
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Registration:
    """What the token endpoint checks against: the tenant, its address, the client's certificate, and what was
    issued."""

    tenant_id: str
    authority: str
    certificate: Certificate | None
    book: TokenBook
    switches: SignInSwitches


@dataclass(frozen=True, slots=True)
class Wish:
    """One call of the token endpoint with its form fields."""

    call: Call
    form: Form
    known: Registration


def answer_token(call: Call, known: Registration) -> Reply:
    """The reply of `POST {tenant}/oauth2/v2.0/token`. Raises Refusal with an AADSTS number."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("client_id") != CLIENT_ID:
        return sign_in_failure(call, 700016)
    if known.switches.refuse_with is not None:
        return sign_in_failure(call, known.switches.refuse_with)
    grant = _GRANTS.get(form.get("grant_type", ""))
    return sign_in_failure(call, 70003) if grant is None else grant(Wish(call, form, known))


def _by_client(wish: Wish) -> Reply:
    if wish.form.get("client_assertion"):
        _check_assertion(wish)
    elif "client_secret" not in wish.form:
        raise sign_in_refused(wish.call, 7000218)
    elif wish.form["client_secret"] != CLIENT_SECRET:
        raise sign_in_refused(wish.call, 7000215)
    scope = urlsplit(wish.form.get("scope", ""))
    if not scope.path.endswith("/.default") or scope.hostname not in _OWN_HOSTS:
        raise sign_in_refused(wish.call, 500011)
    return json_reply(_access(wish))


def _check_assertion(wish: Wish) -> None:
    """Raises Refusal unless the registered certificate signed the assertion for this client, and it is not too old."""
    certificate = wish.known.certificate
    if certificate is None or wish.form.get("client_assertion_type") != _ASSERTION:
        raise sign_in_refused(wish.call, 700027)
    try:
        claims = jwt.decode(
            wish.form["client_assertion"],
            cast(RSAPublicKey, certificate.public_key()),
            algorithms=["PS256", "RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        raise sign_in_refused(wish.call, 700027) from None
    if claims.get("sub") != CLIENT_ID or not str(claims.get("aud")).startswith(wish.known.authority):
        raise sign_in_refused(wish.call, 700027)
    if float(claims.get("exp", 0)) <= wish.call.at_s:
        raise sign_in_refused(wish.call, 700024)


def _by_device(wish: Wish) -> Reply:
    code = wish.form.get("device_code") or wish.form.get("code") or ""
    device = wish.known.book.poll_device(code)
    if not wish.known.switches.public_client:
        raise sign_in_refused(wish.call, 7000218)
    if device is None:
        raise sign_in_refused(wish.call, 70018)
    if device.expires_s <= wish.call.at_s:
        raise sign_in_refused(wish.call, 70019)
    is_automatic = wish.known.switches.device_approval == "automatic" and device.polls >= AUTOMATIC_AFTER_POLLS
    if device.decision == "pending" and not is_automatic:
        raise sign_in_refused(wish.call, 70016)
    wish.known.book.end_device(code)
    if device.decision == "decline":
        raise sign_in_refused(wish.call, 70017)
    return json_reply(_of_user(wish, device.scope))


def _by_code(wish: Wish) -> Reply:
    code = wish.known.book.redeem_code(wish.form.get("code", ""))
    if code is None or code.redirect_uri != wish.form.get("redirect_uri"):
        raise sign_in_refused(wish.call, 70000)
    if code.expires_s <= wish.call.at_s:
        raise sign_in_refused(wish.call, 70008)
    if code.challenge and code.challenge != challenge_of(wish.form.get("code_verifier", "")):
        raise sign_in_refused(wish.call, 501481)
    return json_reply(_of_user(wish, code.scope, nonce=code.nonce))


def _by_refresh(wish: Wish) -> Reply:
    scope = wish.known.book.refresh_scope(wish.form.get("refresh_token", ""))
    if scope is None:
        raise sign_in_refused(wish.call, 70000)
    return json_reply(_of_user(wish, wish.form.get("scope") or scope))


def challenge_of(verifier: str) -> str:
    """The S256 challenge (RFC 7636) that belongs to a code verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _access(wish: Wish) -> dict[str, Any]:
    lives = TOKEN_LIFE_S - 1
    token = wish.known.book.issue(wish.call.at_s)
    return {"token_type": "Bearer", "expires_in": lives, "ext_expires_in": lives, "access_token": token}


def _of_user(wish: Wish, scope: str, *, nonce: str = "") -> dict[str, Any]:
    """The answer for a user: an access token, an id token and, when asked for, a refresh token."""
    issuer = f"{wish.known.authority}/v2.0"
    signed_in = id_token(
        issuer=issuer, tenant_id=wish.known.tenant_id, client_id=CLIENT_ID, at_s=wish.call.at_s, nonce=nonce
    )
    answer = {**_access(wish), "scope": scope, "id_token": signed_in, "client_info": client_info(wish.known.tenant_id)}
    if "offline_access" in scope.split():
        answer["refresh_token"] = wish.known.book.issue_refresh(scope)
    return answer


_GRANTS: Final[Mapping[str, Callable[[Wish], Reply]]] = {
    "client_credentials": _by_client,
    DEVICE_GRANT: _by_device,
    SHORT_DEVICE_GRANT: _by_device,
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
}
