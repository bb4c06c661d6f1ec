"""The four ways to sign in to Dataverse, each as an application of `msal`.

Facts
    * An app proves who it is by a secret or a certificate and asks for `{environment}/.default`; a person signs in with
      a code on another device or in the browser, and the app asks for `{environment}/user_impersonation` (portal-apis
      5.2, 5.4).
    * A certificate is a PEM file (key and certificate, or a key whose thumbprint is in the settings) or a PFX file.
    * `msal` remembers a person's sign-in and refreshes its token without asking.

Not modelled
    * Managed identities, Azure CLI sign-ins, brokers of Windows.

Where it is used: `portals.sign_in.auth`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import msal
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from dynsync_lib.errors import PortalError, SettingsError
from dynsync_lib.portals.sign_in.connections import PortalConnections

_BROWSER_WAIT_S: Final = 300
_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_PFX_ENDINGS: Final = frozenset({".pfx", ".p12"})
_WHERE: Final = "Put it into the environment variable that [dynamics] of the settings names."
_PROOF: Final = {"client_secret": ("client_secret",), "certificate": ("certificate_file",)}
_PERSON_NEEDED: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
"""The refusals of a silent refresh that a new sign-in of the person can cure."""
_TOKEN_AT_HAND_WILL_DO: Final = (PortalError,)
"""What `msal` passes over when a token that should be renewed by now is still good."""
Answer = dict[str, Any]
"""Microsoft's answer as `msal` hands it on: `access_token`, or `error` and `error_codes`."""


class SignInWay(Protocol):
    """One way to sign in. `is_person`: a person has to act."""

    is_person: bool

    def open(self, authority: str, http_client: Any, cache: msal.SerializableTokenCache) -> None:
        """Prepares the application. Raises SettingsError, and `msal`'s ValueError for an unknown tenant."""

    def ask(self, origin: str, *, afresh: bool) -> Answer:
        """Microsoft's answer, with or without a token; `afresh` asks for a new token instead of a remembered one."""

    def cancel(self) -> None:
        """Ends a sign-in that waits for a person."""


def way_of(connections: PortalConnections) -> SignInWay:
    """The way to sign in that the connections name.

    Raises SettingsError when something it needs is missing or cannot be used.
    """
    needed = ("client_id", *_PROOF.get(connections.sign_in, ()))
    missing = [name for name in needed if not getattr(connections, name)]
    if missing:
        raise SettingsError([f"Dynamics has no {name}." for name in missing], next_step=_WHERE)
    client_id = str(connections.client_id)
    if connections.sign_in == "client_secret":
        return AppSignIn(client_id, connections.client_secret)
    if connections.sign_in == "certificate":
        return AppSignIn(client_id, read_certificate(connections))
    kind = DeviceSignIn if connections.sign_in == "device_code" else BrowserSignIn
    return kind(client_id, connections.tell_person)


class AppSignIn:
    """An app that proves who it is. `credential` is the secret, or the result of `read_certificate`."""

    is_person = False

    def __init__(self, client_id: str, credential: Any) -> None:
        self._client_id, self._credential = client_id, credential
        self._application: Any = None

    def open(self, authority: str, http_client: Any, cache: msal.SerializableTokenCache) -> None:
        """Prepares the application."""
        self._application = msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=self._credential,
            authority=authority,
            instance_discovery=False,
            http_client=http_client,
            token_cache=cache,
        )

    def ask(self, origin: str, *, afresh: bool) -> Answer:
        """Microsoft's answer."""
        if afresh:
            self._application.remove_tokens_for_client()
        scopes = [f"{origin}/.default"]
        answer: Answer = self._application.acquire_token_for_client(scopes, http_exceptions=_TOKEN_AT_HAND_WILL_DO)
        return answer

    def cancel(self) -> None:
        """Does nothing: no person is waited for."""


class _PersonSignIn:
    """A person, who signs in once and is then remembered. `tell` is called with what the person has to do."""

    is_person = True

    def __init__(self, client_id: str, tell: Callable[[str], None]) -> None:
        self._client_id, self._tell = client_id, tell
        self._application: Any = None

    def open(self, authority: str, http_client: Any, cache: msal.SerializableTokenCache) -> None:
        """Prepares the application."""
        self._application = msal.PublicClientApplication(
            self._client_id,
            authority=authority,
            instance_discovery=False,
            http_client=http_client,
            token_cache=cache,
        )

    def ask(self, origin: str, *, afresh: bool) -> Answer:
        """Microsoft's answer: from what is remembered, else from the person, once only the person can help."""
        scopes = [f"{origin}/user_impersonation"]
        for account in self._application.get_accounts():
            answer = self._application.acquire_token_silent_with_error(
                scopes, account=account, force_refresh=afresh, http_exceptions=_TOKEN_AT_HAND_WILL_DO
            )
            if answer and answer.get("error") not in _PERSON_NEEDED:
                return dict(answer)
        return self._ask_person(scopes)

    def cancel(self) -> None:
        """Ends what waits."""

    def _ask_person(self, scopes: list[str]) -> Answer:
        raise NotImplementedError


class DeviceSignIn(_PersonSignIn):
    """A person who enters a code on any device."""

    def __init__(self, client_id: str, tell: Callable[[str], None]) -> None:
        super().__init__(client_id, tell)
        self._flow: Answer = {}

    def cancel(self) -> None:
        """Ends the polling within a second."""
        self._flow["expires_at"] = 0

    def _ask_person(self, scopes: list[str]) -> Answer:
        self._flow = self._application.initiate_device_flow(scopes)
        if "user_code" not in self._flow:
            return self._flow
        self._tell(f"Sign in to Dynamics: open {self._flow['verification_uri']} and enter {self._flow['user_code']}.")
        answer: Answer = self._application.acquire_token_by_device_flow(self._flow)
        return answer


class BrowserSignIn(_PersonSignIn):
    """A person who signs in in this machine's browser, which comes back to http://localhost."""

    def _ask_person(self, scopes: list[str]) -> Answer:
        self._tell("Sign in to Dynamics in the browser that opens; the command goes on when you are done.")
        answer: Answer = self._application.acquire_token_interactive(
            scopes,
            timeout=_BROWSER_WAIT_S,
            auth_uri_callback=lambda address: self._tell(f"No browser opened. Open this address yourself: {address}"),
        )
        return answer


def read_certificate(connections: PortalConnections) -> Answer:
    """The certificate as `msal` takes it. Raises SettingsError, which names the file, when it cannot be used."""
    path, password = Path(str(connections.certificate_file)), connections.certificate_password or None
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise SettingsError([f"The certificate {path} cannot be read ({type(fault).__name__})."]) from None
    if path.suffix.lower() in _PFX_ENDINGS:
        return _pfx(path, raw, password)
    return _pem(path, raw, password, connections.certificate_thumbprint)


def _pfx(path: Path, raw: bytes, password: str | None) -> Answer:
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(raw, password.encode() if password else None)
    except ValueError:
        raise _unusable(path, "is no PFX file, or the password is wrong") from None
    if key is None or certificate is None:
        raise _unusable(path, "lacks the private key or the certificate")
    return {"private_key_pfx_path": str(path), **({"passphrase": password} if password else {})}


def _pem(path: Path, raw: bytes, password: str | None, thumbprint: str | None) -> Answer:
    try:
        load_pem_private_key(raw, password.encode() if password else None)
        text = raw.decode("ascii")
    except (ValueError, TypeError):
        raise _unusable(path, "holds no private key in PEM form, or the password is wrong") from None
    credential = {"private_key": text, **({"passphrase": password} if password else {})}
    if thumbprint:
        return {**credential, "thumbprint": thumbprint.replace(":", "").replace(" ", "").upper()}
    if _CERTIFICATE not in text:
        raise _unusable(path, "holds a key and no certificate, so its thumbprint is unknown")
    return {**credential, "public_certificate": text[text.index(_CERTIFICATE) :]}


def _unusable(path: Path, what: str) -> SettingsError:
    return SettingsError(
        [f"The certificate {path} {what}."],
        next_step="Give a PEM file with key and certificate, or a PFX file, and its password in the environment;"
        " or set certificate_thumbprint under [dynamics].",
    )
