"""Microsoft's sign-in: discovery, device codes, the browser's page, and the token endpoint (portal-apis 5.4, 8).

Facts
    * `msal` reads the OpenID document, then posts to the token endpoint. Issuer and endpoints are on this host.
    * A device sign-in is pending until somebody approves it: on the page it names, over the control plane, or, as the
      switch says, by itself after one poll. A browser sign-in is approved at once: there is nobody else here.

Not modelled
    * Passwords, several users, several applications, consent pages, signing out.

Where it is used: `emulator.dataverse.api`, `emulator.serving.portals_here`.
"""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

from cryptography.x509 import Certificate

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.entra.errors import sign_in_failure, sign_in_refused
from dynsync_lib.emulator.entra.grants import CLIENT_ID, Registration, answer_token
from dynsync_lib.emulator.entra.tokens import DEVICE_LIFE_S, Code, TokenBook
from dynsync_lib.emulator.routing import Route, find_route

_CODE_LIFE_S: Final = 600


class Entra:
    """Signs one client in and knows the tokens it issued. `certificate` is the one that the client may sign in with."""

    def __init__(self, tenant_id: str, conditions: Conditions, *, certificate: Certificate | None = None) -> None:
        self.tenant_id, self.conditions, self.certificate = tenant_id, conditions, certificate
        self.origin = "https://127.0.0.1"
        self.book = TokenBook()

    @property
    def authority(self) -> str:
        """The address of the tenant, at which a client signs in."""
        return f"{self.origin}/{self.tenant_id}"

    def accepts(self, token: str, at_s: float) -> bool:
        """Whether the token was issued here and has not expired at this time (seconds since 1970)."""
        return self.book.accepts(token, at_s)

    def owns(self, path: str) -> bool:
        """Whether a path belongs to the sign-in and not to the Dataverse API."""
        return _PATHS.match(path) is not None

    def answer(self, call: Call) -> Reply:
        """The reply to a call of the sign-in; 501 for a path that is not emulated."""
        match = find_route(ROUTES, call, call.path)
        if match is not None:
            return self._checked(*match)
        message = f"The emulator has no {call.method} {call.path}."
        return json_reply({"error": "not_emulated", "error_description": message}, status=501)

    def _checked(self, route: Route[Entra], call: Call) -> Reply:
        if call.names.get("tenant", self.tenant_id) not in (self.tenant_id, "organizations", "common"):
            return sign_in_failure(call, 90002)
        try:
            return route.answer(self, call)
        except Refusal as refusal:
            return refusal.reply


def _openid(entra: Entra, call: Call) -> Reply:
    del call
    where = entra.authority
    return json_reply(
        {
            "issuer": f"{where}/v2.0",
            "authorization_endpoint": f"{where}/oauth2/v2.0/authorize",
            "token_endpoint": f"{where}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{where}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{where}/discovery/v2.0/keys",
        }
    )


def _discovery(entra: Entra, call: Call) -> Reply:
    del call
    host = entra.origin.removeprefix("https://")
    metadata = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
    endpoint = f"{entra.authority}/v2.0/.well-known/openid-configuration"
    return json_reply({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": metadata})


def _token(entra: Entra, call: Call) -> Reply:
    switches = entra.conditions.sign_in
    return answer_token(call, Registration(entra.tenant_id, entra.authority, entra.certificate, entra.book, switches))


def _device_code(entra: Entra, call: Call) -> Reply:
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    if form.get("client_id") != CLIENT_ID:
        raise sign_in_refused(call, 700016)
    if not form.get("scope"):
        raise sign_in_refused(call, 90014)
    code, device = entra.book.start_device(form["scope"], call.at_s)
    where = f"{entra.origin}/devicelogin"
    message = f"To sign in, use a web browser to open the page {where} and enter the code {device.user_code}."
    answer = {"user_code": device.user_code, "device_code": code, "verification_uri": where, "message": message}
    interval_s = entra.conditions.sign_in.device_interval_s
    return json_reply({**answer, "expires_in": DEVICE_LIFE_S, "interval": interval_s})


def _device_page(entra: Entra, call: Call) -> Reply:
    del entra, call
    form = '<form method="post"><label>Code <input name="code" autofocus></label> <button>Approve</button></form>'
    return _page("Sign in on another device", form)


def _approve_device(entra: Entra, call: Call) -> Reply:
    code = dict(parse_qsl(call.body.decode("utf-8", "replace"))).get("code", "").strip()
    if not code or not entra.book.decide_devices("approve", code):
        return _page("That code is not waiting", "<p>Check it and try again.</p>", status=400)
    return _page("Signed in", "<p>Go back to the other device.</p>")


def _authorize(entra: Entra, call: Call) -> Reply:
    """Sends the browser back with a code; nobody is asked for a password."""
    redirect = call.option("redirect_uri") or ""
    if call.option("client_id") != CLIENT_ID:
        raise sign_in_refused(call, 700016)
    if not re.fullmatch(r"http://(?:localhost|127\.0\.0\.1)(?::\d+)?(?:/.*)?", redirect):
        raise sign_in_refused(call, 90014)
    asked = ("scope", "code_challenge", "nonce")
    scope, challenge, nonce = (call.option(name) or "" for name in asked)
    code = entra.book.issue_code(Code(redirect, scope, challenge, call.at_s + _CODE_LIFE_S, nonce))
    answer = {"code": code, "state": call.option("state") or "", "session_state": "emulator"}
    if call.option("response_mode") != "form_post":
        return Reply(302, b"", {"Location": f"{redirect}?{urlencode(answer)}"})
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in answer.items()
    )
    script = "<script>document.forms[0].submit()</script>"
    return _page("Signed in", f'<form method="post" action="{html.escape(redirect)}">{fields}</form>{script}')


def _page(title: str, body: str, *, status: int = 200) -> Reply:
    text = f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}</html>'
    return Reply(status, text.encode(), media_type="text/html; charset=utf-8")


_TENANT: Final = r"/(?P<tenant>[^/]+)"
_PATHS: Final = re.compile(r"/(?!api/|\$)[^/]+/(?:v2\.0|oauth2|discovery)/|/devicelogin$|/common/")
ROUTES: Final = tuple(
    Route(method, re.compile(path), answer, note)
    for method, path, answer, note in (
        ("GET", _TENANT + r"/v2\.0/\.well-known/openid-configuration", _openid, "issuer and endpoints on this host"),
        ("GET", r"/common/discovery/instance", _discovery, "this host alone"),
        ("POST", _TENANT + r"/oauth2/v2\.0/token", _token, "secret, certificate, device code, code with PKCE, refresh"),
        ("POST", _TENANT + r"/oauth2/v2\.0/devicecode", _device_code, "approved here, by the control plane or alone"),
        ("GET", _TENANT + r"/oauth2/v2\.0/authorize", _authorize, "no password: sends the browser straight back"),
        ("GET", r"/devicelogin", _device_page, "our own page; Microsoft's is elsewhere"),
        ("POST", r"/devicelogin", _approve_device, "our own page; Microsoft's is elsewhere"),
    )
)
