"""What is written to the emulated portals can stay in a folder and come back."""

from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import InputFileError
from tests.emulator.clients import environment_client, portal_client
from tests.emulator.small_world import ADA, small_world

CONTACTS = "/crm/v3/objects/contacts"
ROOT = Path(__file__).resolve().parents[2]


def _write(emulator: Emulator) -> None:
    with portal_client(emulator) as portal, environment_client(emulator) as environment:
        run = {"name": "run", "label": "Run", "type": "string", "fieldType": "text", "groupName": "g"}
        portal.post("/crm/v3/properties/contacts", json={**run, "hasUniqueValue": True})
        portal.post(CONTACTS, json={"properties": {"firstname": "Dee", "email": "dee@x.example", "run": "1"}})
        portal.delete(f"{CONTACTS}/102")
        portal.post(f"{CONTACTS}/merge", json={"primaryObjectId": "103", "objectIdToMerge": "101"})
        label = portal.post("/crm/v4/associations/contacts/companies/labels", json={"label": "Adviser", "name": "a"})
        spec = {"associationCategory": "USER_DEFINED", "associationTypeId": label.json()["results"][0]["typeId"]}
        portal.put("/crm/v4/objects/contacts/104/associations/companies/202", json=[spec])
        environment.patch(f"contacts({ADA})", json={"firstname": "Adele"})
        environment.post("accounts", json={"name": "New Firm"})


def _seen(emulator: Emulator) -> list[object]:
    with portal_client(emulator) as portal, environment_client(emulator) as environment:
        answers = [
            portal.get(CONTACTS, params={"properties": "firstname,email,run", "associations": "companies"}),
            portal.get(CONTACTS, params={"archived": "true"}),
            portal.get(f"{CONTACTS}/101", params={"propertiesWithHistory": "email"}),
            portal.get("/crm/v3/properties/contacts/run"),
            portal.get("/crm/v4/objects/contacts/104/associations/companies"),
            portal.post(CONTACTS, json={"properties": {"email": "dee@x.example"}}),
            environment.get("contacts?$select=firstname"),
            environment.get("accounts?$select=name"),
        ]
    return [(answer.status_code, _without_origin(answer.json())) for answer in answers]


def _without_origin(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in {"@odata.context", "correlationId"}}


@pytest.mark.parametrize("is_apart", [False, pytest.param(True, marks=pytest.mark.long)])
def test_state__comes_back(tmp_path: Path, is_apart: bool) -> None:  # noqa: FBT001 - one process or two
    with Emulator(small_world(), state=tmp_path / "kept", is_apart=is_apart) as first:
        _write(first)
        before = _seen(first)
    with Emulator(small_world(), state=tmp_path / "kept", is_apart=is_apart) as second:
        assert _seen(second) == before
        with portal_client(second) as portal:
            made = portal.post(CONTACTS, json={"properties": {"firstname": "Eve"}})
            assert made.json()["id"] == "105"


def test_state__can_be_undone_for_good(tmp_path: Path) -> None:
    with Emulator(small_world(), state=tmp_path) as first:
        _write(first)
        first.reseed()
    with Emulator(small_world(), state=tmp_path) as second, portal_client(second) as portal:
        assert [record["id"] for record in portal.get(CONTACTS).json()["results"]] == ["101", "102", "103"]


def test_state__is_for_its_owner_alone(tmp_path: Path) -> None:
    with Emulator(small_world(), state=tmp_path / "kept"):
        assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


@pytest.mark.parametrize("is_apart", [False, pytest.param(True, marks=pytest.mark.long)])
def test_state__of_another_world_is_refused(tmp_path: Path, is_apart: bool) -> None:  # noqa: FBT001
    with Emulator(small_world(), state=tmp_path, is_apart=is_apart):
        pass
    other = replace(small_world(), account={**small_world().account, "portalId": 7})
    with pytest.raises(InputFileError, match="another world"), Emulator(other, state=tmp_path, is_apart=is_apart):
        pass


def test_state__serves_one_emulator_at_a_time(tmp_path: Path) -> None:
    with (
        Emulator(small_world(), state=tmp_path),
        pytest.raises(InputFileError, match="is in use"),
        Emulator(small_world(), state=tmp_path),
    ):
        pass


_SERVE = """
import sys
from pathlib import Path
from dynsync_lib.emulator.serving.emulator import Emulator
from tests.emulator.small_world import small_world
with Emulator(small_world(), state=Path(sys.argv[1])) as running:
    print(running.addresses["hubspot"]["url"], running.addresses["hubspot"]["token"], flush=True)
    running.wait()
"""


def test_state__survives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SERVE, str(tmp_path / "kept")]
    statuses = []
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            url, token = process.stdout.readline().split()
            body = {"properties": {"email": "dee@kept.example"}}
            answer = httpx.post(f"{url}{CONTACTS}", json=body, headers={"Authorization": f"Bearer {token}"})
            statuses.append(answer.status_code)
            process.kill()
    assert statuses == [201, 409]
