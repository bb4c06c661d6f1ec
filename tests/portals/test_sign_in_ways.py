"""The ways to sign in to Dynamics, through msal's own code, against a fake of Microsoft's endpoints."""

from __future__ import annotations

import base64
import json
import logging
import stat
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from dynsync_lib.errors import SettingsError, SignInError
from dynsync_lib.portals.sign_in.auth import EntraSignIn
from dynsync_lib.portals.sign_in.connections import PortalConnections
from dynsync_lib.portals.sign_in.entra_refusals import REFUSALS, refusal_of
from dynsync_lib.portals.sign_in.token_store import TokenStore
from tests.pulls import FakeTime

TENANT = "11111111-2222-4333-8444-555555555555"
ORG = "https://contoso.crm4.dynamics.com"
AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"
PASSWORD = "sesame"
Handler = Callable[[dict[str, str]], dict[str, Any] | None]


class FakeMicrosoft:
    """Answers the OpenID document, then each form by the handler of its grant; None means still pending."""

    def __init__(self, **grants: Handler) -> None:
        self.forms: list[dict[str, str]] = []
        self.grants = grants
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/openid-configuration"):
            document = {"issuer": f"{AUTHORITY}/v2.0", "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize"}
            document |= {"token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token"}
            device = {"device_authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/devicecode"}
            return httpx.Response(200, json={**document, **device})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.forms.append({"path": request.url.path.rpartition("/")[2], **form})
        name = "devicecode" if request.url.path.endswith("/devicecode") else form["grant_type"].rpartition(":")[2]
        answer = self.grants[name](form)
        if answer is None:
            return httpx.Response(400, json={"error": "authorization_pending", "error_codes": [70016]})
        return httpx.Response(400 if "error" in answer else 200, json=answer)

    def sign_in(self, **changes: Any) -> EntraSignIn:
        usual: dict[str, Any] = {"dynamics_url": ORG, "authority": AUTHORITY, "client_id": "app-id"}
        return EntraSignIn(PortalConnections(**{**usual, **changes}), FakeTime().pace(), inner=self.transport)


def _token(form: dict[str, str]) -> dict[str, Any]:
    del form
    return {"token_type": "Bearer", "expires_in": 3599, "access_token": "token"}


def _person_token(name: str, *, nonce: str = "") -> dict[str, Any]:
    now, scope = int(time.time()), f"{ORG}/user_impersonation openid profile offline_access"
    claims: dict[str, Any] = {"aud": "app-id", "iss": f"{AUTHORITY}/v2.0", "sub": "s", "oid": "o", "tid": TENANT}
    claims |= {"iat": now, "nbf": now, "exp": now + 3600, "preferred_username": "ann@x.example", "nonce": nonce}
    info = _part({"uid": "o", "utid": TENANT})
    lasting = {
        "refresh_token": "refresh",
        "id_token": f"{_part({'alg': 'none'})}.{_part(claims)}.",
        "client_info": info,
    }
    return {"token_type": "Bearer", "expires_in": 3599, "access_token": name, "scope": scope, **lasting}


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# --- Certificates ------------------------------------------------------------------------------------------------

KEY = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kit")])
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
CERTIFICATE = x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1, BEGINS, BEGINS + timedelta(days=900)).sign(
    KEY, hashes.SHA256()
)
CERTIFICATE_TEXT = CERTIFICATE.public_bytes(Encoding.PEM)
SHA1 = CERTIFICATE.fingerprint(hashes.SHA1())  # noqa: S303 - how Entra names certificates
SHA256 = CERTIFICATE.fingerprint(hashes.SHA256())


def _key_text(protection: KeySerializationEncryption) -> bytes:
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def _thumbprint(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


FILES = {
    "both.pem": (_key_text(NoEncryption()) + CERTIFICATE_TEXT, None),
    "certificate_first.pem": (CERTIFICATE_TEXT + _key_text(NoEncryption()), None),
    "locked.pem": (_key_text(BestAvailableEncryption(PASSWORD.encode())) + CERTIFICATE_TEXT, PASSWORD),
    "plain.pfx": (pkcs12.serialize_key_and_certificates(b"kit", KEY, CERTIFICATE, None, NoEncryption()), None),
    "locked.PFX": (
        pkcs12.serialize_key_and_certificates(
            b"kit", KEY, CERTIFICATE, None, BestAvailableEncryption(PASSWORD.encode())
        ),
        PASSWORD,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_certificate__signs_for_the_app(tmp_path: Path, name: str) -> None:
    raw, password = FILES[name]
    (tmp_path / name).write_bytes(raw)
    microsoft = FakeMicrosoft(client_credentials=_token)
    sign_in = microsoft.sign_in(sign_in="certificate", certificate_file=tmp_path / name, certificate_password=password)
    assert sign_in.read_token() == "token"
    (form,) = microsoft.forms
    assert form["scope"] == f"{ORG}/.default"
    header = json.loads(_thumbprint(form["client_assertion"].split(".")[0]))
    assert _thumbprint(header["x5t#S256"]) == SHA256
    assert "client_secret" not in form


def test_certificate__key_alone_and_its_thumbprint(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(_key_text(NoEncryption()))
    microsoft = FakeMicrosoft(client_credentials=_token)
    sign_in = microsoft.sign_in(
        sign_in="certificate", certificate_file=tmp_path / "key.pem", certificate_thumbprint=SHA1.hex(":")
    )
    assert sign_in.read_token() == "token"
    header = json.loads(_thumbprint(microsoft.forms[0]["client_assertion"].split(".")[0]))
    assert _thumbprint(header["x5t"]) == SHA1


@pytest.mark.parametrize(
    ("name", "raw", "password", "says"),
    [
        ("gone.pem", None, None, "The certificate {} cannot be read (FileNotFoundError)."),
        ("a.pem", b"hello", None, "The certificate {} holds no private key in PEM form, or the password is wrong."),
        ("b.pem", CERTIFICATE_TEXT, None, "The certificate {} holds no private key in PEM form, or the password is"),
        ("c.pem", FILES["locked.pem"][0], None, "The certificate {} holds no private key in PEM form, or the password"),
        ("d.pem", FILES["locked.pem"][0], "x", "The certificate {} holds no private key in PEM form, or the password"),
        ("e.pem", _key_text(NoEncryption()), None, "The certificate {} holds a key and no certificate, so its thumb"),
        ("f.pfx", b"hello", None, "The certificate {} is no PFX file, or the password is wrong."),
        ("g.p12", FILES["locked.PFX"][0], "x", "The certificate {} is no PFX file, or the password is wrong."),
    ],
)
def test_certificate__that_cannot_be_used(
    tmp_path: Path, name: str, raw: bytes | None, password: str | None, says: str
) -> None:
    if raw is not None:
        (tmp_path / name).write_bytes(raw)
    sign_in = FakeMicrosoft().sign_in(
        sign_in="certificate", certificate_file=tmp_path / name, certificate_password=password
    )
    with pytest.raises(SettingsError) as error:
        sign_in.read_token()
    assert str(error.value).startswith(says.format(tmp_path / name))
    assert error.value.next_step


def test_certificate__file_is_not_named() -> None:
    with pytest.raises(SettingsError, match=r"Dynamics has no certificate_file\."):
        FakeMicrosoft().sign_in(sign_in="certificate").read_token()


# --- Device code -------------------------------------------------------------------------------------------------


def _device_code(form: dict[str, str]) -> dict[str, Any]:
    assert (
        form["scope"].split() == [f"{ORG}/user_impersonation", "offline_access", "openid", "profile"] or form["scope"]
    )
    device = {"user_code": "ABCD-1234", "device_code": "d", "verification_uri": "https://microsoft.com/devicelogin"}
    return {**device, "expires_in": 900, "interval": 0, "message": "..."}


def test_device_code__asks_the_person_once() -> None:
    waiting = [None, None, _person_token("first")]
    microsoft = FakeMicrosoft(devicecode=_device_code, device_code=lambda _: waiting.pop(0))
    sentences: list[str] = []
    sign_in = microsoft.sign_in(sign_in="device_code", tell_person=sentences.append)
    assert [sign_in.read_token() for _ in range(2)] == ["first", "first"]
    assert sentences == ["Sign in to Dynamics: open https://microsoft.com/devicelogin and enter ABCD-1234."]
    assert [form["path"] for form in microsoft.forms] == ["devicecode", "token", "token", "token"]
    assert f"{ORG}/user_impersonation" in microsoft.forms[0]["scope"].split()


def test_device_code__a_refused_token_is_refreshed_without_asking() -> None:
    microsoft = FakeMicrosoft(
        devicecode=_device_code,
        device_code=lambda _: _person_token("first"),
        refresh_token=lambda _: _person_token("second"),
    )
    sentences: list[str] = []
    sign_in = microsoft.sign_in(sign_in="device_code", tell_person=sentences.append)
    assert sign_in.read_token() == "first"
    assert sign_in.read_token(refused="first") == "second"
    assert len(sentences) == 1


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        ("authorization_declined", 70017, "(AADSTS70017): the person declined the sign-in."),
        ("expired_token", 70019, "(AADSTS70019): the code has expired."),
        ("invalid_client", 7000218, "(AADSTS7000218): the app registration does not let people sign in without a"),
        ("invalid_grant", 53003, "(AADSTS53003): a conditional access policy refuses this sign-in."),
    ],
)
def test_device_code__refused(error: str, code: int, says: str) -> None:
    microsoft = FakeMicrosoft(devicecode=_device_code, device_code=lambda _: {"error": error, "error_codes": [code]})
    with pytest.raises(SignInError) as raised:
        microsoft.sign_in(sign_in="device_code", tell_person=lambda _: None).read_token()
    assert says in str(raised.value)


def test_device_code__no_code_is_given() -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS700016: app 'x' not found."}
    microsoft = FakeMicrosoft(devicecode=lambda _: refusal)
    with pytest.raises(SignInError, match="the tenant does not know this client id"):
        microsoft.sign_in(sign_in="device_code").read_token()


def test_device_code__cancelled() -> None:
    def poll(form: dict[str, str]) -> None:
        del form
        sign_in.cancel()

    microsoft = FakeMicrosoft(devicecode=lambda form: {**_device_code(form), "interval": 5}, device_code=poll)
    sign_in = microsoft.sign_in(sign_in="device_code", tell_person=lambda _: None)
    with pytest.raises(SignInError, match="nobody entered the code in time"):
        sign_in.read_token()


# --- Browser -----------------------------------------------------------------------------------------------------


def test_browser__comes_back_with_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def browse(address: str, browser_name: str | None = None) -> bool:
        del browser_name
        asked = dict(httpx.URL(address).params)
        assert asked["code_challenge_method"] == "S256"
        seen.append(asked)
        answer = {"code": "c0de", "state": asked["state"]}
        httpx.post(asked["redirect_uri"], data=answer)
        return True

    seen: list[dict[str, str]] = []
    sentences: list[str] = []
    monkeypatch.setattr("msal.oauth2cli.authcode._browse", lambda *a, **k: _in_thread(browse, *a, **k))
    microsoft = FakeMicrosoft(
        authorization_code=lambda form: _person_token(f"for-{form['code']}", nonce=seen[0]["nonce"])
    )
    sign_in = microsoft.sign_in(sign_in="browser", tell_person=sentences.append)
    assert sign_in.read_token() == "for-c0de"
    assert f"{ORG}/user_impersonation" in seen[0]["scope"].split()
    assert microsoft.forms[0]["code_verifier"]
    assert sentences == ["Sign in to Dynamics in the browser that opens; the command goes on when you are done."]


def test_browser__answer_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def browse(address: str, **_: Any) -> bool:
        asked = dict(httpx.URL(address).params)
        answer = {"code": "c0de", "state": asked["state"]}
        return _in_thread(httpx.post, asked["redirect_uri"], data=answer)

    monkeypatch.setattr("msal.oauth2cli.authcode._browse", browse)
    microsoft = FakeMicrosoft(authorization_code=lambda _: _person_token("stolen", nonce="another"))
    with pytest.raises(SignInError, match=r"The sign-in of the person did not finish \(RuntimeError\)\."):
        microsoft.sign_in(sign_in="browser", tell_person=lambda _: None).read_token()


def test_browser__none_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(sentence: str) -> None:
        sentences.append(sentence)
        if "Open this address yourself" in sentence:
            asked.update(httpx.URL(sentence.rpartition(" ")[2]).params)
            _in_thread(httpx.post, asked["redirect_uri"], data={"code": "c", "state": asked["state"]})

    sentences: list[str] = []
    asked: dict[str, str] = {}
    monkeypatch.setattr("msal.oauth2cli.authcode._browse", lambda *_, **__: False)
    microsoft = FakeMicrosoft(authorization_code=lambda _: _person_token("token", nonce=asked["nonce"]))
    assert microsoft.sign_in(sign_in="browser", tell_person=tell).read_token() == "token"
    assert sentences[1].startswith(f"No browser opened. Open this address yourself: {AUTHORITY}/oauth2/v2.0/authorize?")


def _in_thread(job: Callable[..., Any], *arguments: Any, **named: Any) -> bool:
    import threading

    threading.Thread(target=job, args=arguments, kwargs=named, daemon=True).start()
    return True


# --- What is remembered ------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "tokens", about=("a", "b"))


def _remembering(store: TokenStore | None) -> tuple[FakeMicrosoft, list[str], EntraSignIn]:
    microsoft = FakeMicrosoft(devicecode=_device_code, device_code=lambda _: _person_token("first"))
    sentences: list[str] = []
    return (
        microsoft,
        sentences,
        microsoft.sign_in(sign_in="device_code", tell_person=sentences.append, token_store=store),
    )


def test_token_store__next_command_does_not_ask(store: TokenStore) -> None:
    for asked in (1, 0):
        microsoft, sentences, sign_in = _remembering(store)
        assert sign_in.read_token() == "first"
        assert len(sentences) == asked
        assert [form["path"] for form in microsoft.forms].count("devicecode") == asked


def test_token_store__nothing_is_kept_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):
        _, sentences, sign_in = _remembering(None)
        sign_in.read_token()
        assert len(sentences) == 1
    assert list(tmp_path.iterdir()) == []


def test_token_store__file_for_its_owner_only(store: TokenStore) -> None:
    store.write("{}")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]
    assert store.read() == "{}"


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"{not json", b"sealed:rubbish"])
def test_token_store__what_cannot_be_read_is_not_there(store: TokenStore, raw: bytes) -> None:
    store.write("{}")
    store.path.write_bytes(raw)
    _, sentences, sign_in = _remembering(store)
    assert sign_in.read_token() == "first"
    assert len(sentences) == 1


def test_token_store__forget(store: TokenStore) -> None:
    assert not store.forget()
    store.write("{}")
    assert store.forget()
    assert store.read() is None


def test_token_store__sealed_by_the_keyring(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = _keyring_of_memory(monkeypatch)
    store.write("first secret")
    store.write("second secret")
    assert b"secret" not in store.path.read_bytes()
    assert store.read() == "second secret"
    assert len(keys) == 1
    keys.clear()
    assert store.read() is None
    store.write("third")
    store.forget()
    assert keys == {}


def _keyring_of_memory(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    keyring = pytest.importorskip("keyring")
    keys: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(keyring, "get_password", lambda service, name: keys.get((service, name)))
    monkeypatch.setattr(keyring, "set_password", lambda service, name, key: keys.update({(service, name): key}))
    monkeypatch.setattr(keyring, "delete_password", lambda service, name: keys.pop((service, name)))
    return keys


def test_token_store__library_is_not_installed(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    store.write("plain")
    assert store.path.read_bytes() == b"plain"
    assert store.read() == "plain"
    assert store.forget()


def test_token_store__keyring_that_fails(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring")

    def fail(*_: str) -> None:
        raise RuntimeError("locked")

    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, fail)
    store.write("plain")
    assert store.read() == "plain"
    assert store.forget()


# --- What is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [7000215, 7000222, 700016, 90002, 500011, 65001, 50076, 50079, 7000218, 53003])
def test_refusals__have_a_meaning_and_a_next_step(code: int) -> None:
    error = refusal_of({"error": "x", "error_description": f"AADSTS{code}: Bob <bob@x.example>", "error_codes": [code]})
    meaning, next_step = REFUSALS[code]
    assert str(error) == f"Microsoft refuses the sign-in (AADSTS{code}): {meaning}."
    assert error.next_step == next_step
    assert next_step


def test_refusals__unknown_words_are_not_repeated() -> None:
    error = refusal_of({"error": "bob@x.example said no", "error_description": "secret~x"})
    assert str(error) == "Microsoft refuses the sign-in: no reason given."


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture, store: TokenStore) -> None:
    caplog.set_level(logging.DEBUG)
    _, _, sign_in = _remembering(store)
    sign_in.read_token()
    FakeMicrosoft(client_credentials=_token).sign_in(client_secret="app~secret").read_token()
    log = caplog.text
    assert caplog.records
    for secret in ("app~secret", "access_token': 'first", "refresh_token': 'refresh", "ann@x.example"):
        assert secret not in log
