"""Pulls a portal of any size that is made up as it is read, and prints this process's peak memory in MB.

python -m tests.portals.pull_memory CONTACTS
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from dynsync_lib.portals.hubspot import reader
from dynsync_lib.portals.pull.pull_portals import pull_portals
from dynsync_lib.portals.sign_in.connections import PortalConnections
from tests.pulls import KEYS, NOON, FakeTime

NAMES = ("hs_object_id", "email", "firstname", "lastname", "city", "createdate", "lastmodifieddate", "note")


def _contact(number: int) -> dict[str, Any]:
    values = {name: f"{name} of number {number}" for name in NAMES} | {"email": f"person{number}@x.example"}
    return {"id": str(number), "properties": {**values, "hs_object_id": str(number)}, "archived": False}


def _links(inputs: list[dict[str, str]]) -> dict[str, Any]:
    types = [{"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}]
    to = [{"toObjectId": 1, "associationTypes": types}]
    return {"results": [{"from": {"id": entry["id"]}, "to": to} for entry in inputs]}


def _answer(request: httpx.Request, contacts: int) -> Any:
    path = request.url.path
    if "account-info" in path:
        return {"portalId": 1, "accountType": "SANDBOX"}
    if "properties" in path:
        return {"results": [{"name": name, "type": "string"} for name in NAMES] if "contacts" in path else []}
    if path.endswith("/search"):
        return {"total": contacts if "contacts" in path else 0, "results": []}
    if "associations" in path:
        return _links(json.loads(request.content)["inputs"])
    if not path.endswith("/objects/contacts"):
        return {"results": []}
    start = int(request.url.params.get("after", "1"))
    end = min(start + 100, contacts + 1)
    page = {"results": [_contact(number) for number in range(start, end)]}
    return page if end > contacts else {**page, "paging": {"next": {"after": str(end)}}}


def main(contacts: int) -> None:
    """Pulls so many contacts, each with a company."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=_answer(request, contacts)))
    setattr(reader, "network", lambda *_, **__: transport)  # noqa: B010 - what it imports has a narrower type
    with tempfile.TemporaryDirectory() as folder:
        snapshot = pull_portals(
            PortalConnections(hubspot_token="t"),
            Path(folder) / "s",
            key_maker=KEYS,
            clock=lambda: NOON,
            pace=FakeTime().pace(),
        )
        rows = (snapshot.rows("hubspot/contacts"), snapshot.rows("hubspot/links"))
    if rows != (contacts, contacts):
        raise SystemExit(f"{rows} rows instead of {contacts}")
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
