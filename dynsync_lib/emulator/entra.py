"""Microsoft's sign-in, as far as a client with a secret needs it (portal-apis 5.4, 8).

Facts
    * `msal` reads the OpenID document, then posts the client's secret to the token endpoint; failures are AADSTS codes.
    * Tokens are made from a counter: the same run gives the same tokens. They open nothing but the emulator.

Not modelled
    * Users, device codes, consent, expiry.

Where it is used: server, dataverse_api.
"""

from __future__ import annotations

import re
import threading
from typing import Final
from urllib.parse import parse_qsl

from dynsync_lib.emulator.calls import Call, Reply, json_reply

STATIC_TOKEN: Final = "emulator-static-token"  # noqa: S105 - opens nothing but the emulator
CLIENT_ID: Final = "0aa0c0de-0000-4000-8000-00000000d001"
CLIENT_SECRET: Final = "emulator~client~secret"  # noqa: S105
_PATH: Final = re.compile(
    r"/(?P<tenant>[^/]+)/(?:v2\.0/\.well-known/openid-configuration|oauth2/v2\.0/token|oauth2/.*)"
)


class Entra:
    """Signs one client in, and knows the tokens it issued."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.origin = "https://127.0.0.1"
        self._issued: set[str] = {STATIC_TOKEN}
        self._lock = threading.Lock()

    @property
    def authority(self) -> str:
        """The address that a client signs in at."""
        return f"{self.origin}/{self.tenant_id}"

    def accepts(self, token: str) -> bool:
        """Whether the token was issued here."""
        return token in self._issued

    def owns(self, path: str) -> bool:
        """Whether a path is one of the sign-in's."""
        return _PATH.fullmatch(path) is not None or path == "/common/discovery/instance"

    def answer(self, call: Call) -> Reply:
        """The reply to a call of the sign-in."""
        if call.path.endswith("/openid-configuration"):
            return self._openid(call)
        if call.path.endswith("/token") and call.method == "POST":
            return self._token(call)
        if call.path == "/common/discovery/instance":
            return self._discovery()
        return json_reply({"error": "not_emulated", "error_description": f"No {call.method} {call.path}."}, status=501)

    def _openid(self, call: Call) -> Reply:
        tenant = call.path.split("/")[1]
        if tenant != self.tenant_id:
            return _failure(call, 400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
        where = f"{self.origin}/{tenant}"
        return json_reply(
            {
                "issuer": f"{where}/v2.0",
                "authorization_endpoint": f"{where}/oauth2/v2.0/authorize",
                "token_endpoint": f"{where}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{where}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{where}/discovery/v2.0/keys",
            }
        )

    def _token(self, call: Call) -> Reply:
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("client_id") != CLIENT_ID:
            told = f"Application with identifier '{form.get('client_id')}' was not found in the directory."
            return _failure(call, 400, "unauthorized_client", 700016, told)
        if form.get("client_secret") != CLIENT_SECRET:
            return _failure(call, 401, "invalid_client", 7000215, "Invalid client secret provided.")
        if not (form.get("scope") or "").endswith("/.default"):
            return _failure(call, 400, "invalid_resource", 500011, "The resource principal was not found.")
        return json_reply(
            {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": self._issue()}
        )

    def _issue(self) -> str:
        with self._lock:
            token = f"emulator-token-{len(self._issued)}"
            self._issued.add(token)
        return token

    def _discovery(self) -> Reply:
        host = self.origin.removeprefix("https://")
        metadata = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
        endpoint = f"{self.authority}/v2.0/.well-known/openid-configuration"
        return json_reply({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": metadata})


def _failure(call: Call, status: int, error: str, code: int, told: str) -> Reply:
    description = f"AADSTS{code}: {told} Trace ID: {call.correlation_id}"
    ids = {"trace_id": call.correlation_id, "correlation_id": call.correlation_id}
    return json_reply({"error": error, "error_description": description, "error_codes": [code], **ids}, status=status)
