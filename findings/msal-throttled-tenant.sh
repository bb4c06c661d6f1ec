#!/usr/bin/env bash
# One would guess: a client of msal learns that Microsoft's sign-in is throttled, and how long to wait.
# What happens: a 429 (or 408) for the OpenID document raises a ValueError that asks to double check the tenant name; the
# status is not in it. A 503 for the same document raises another error. Seen with msal==1.39.0 on Python 3.11, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msal==1.39.0
"$folder/venv/bin/python" - <<'PYTHON'
import msal

print("msal", msal.__version__)


class Answer:
    def __init__(self, status_code: int) -> None:
        self.status_code, self.text, self.headers = status_code, "", {"Retry-After": "60"}


class Throttled:
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code

    def get(self, url: str, **options: object) -> Answer:
        return Answer(self.status_code)

    def close(self) -> None:
        pass


seen = {}
for status in (408, 429, 503):
    try:
        msal.ConfidentialClientApplication(
            "app", client_credential="secret", authority="https://login.microsoftonline.com/contoso.example",
            http_client=Throttled(status),
        ).acquire_token_for_client(["https://contoso.crm4.dynamics.com/.default"])
    except Exception as fault:
        seen[status] = (type(fault).__name__, "double check your tenant" in str(fault), str(status) in str(fault))
print(seen)
tenant = ("ValueError", True, False)
assert (seen[408], seen[429]) == (tenant, tenant), "this has changed"
assert not seen[503][1], "this has changed"
PYTHON
