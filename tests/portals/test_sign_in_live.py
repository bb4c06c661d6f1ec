"""Signing in over real sockets and TLS: msal against the emulator's sign-in, and a token that opens Dataverse."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from dynsync_lib.emulator.conditions.switches import Fault, SignInSwitches
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import PortalError, PortalUnavailableError, RateLimitError, SignInError
from dynsync_lib.portals.http.transport import trust
from dynsync_lib.portals.sign_in.auth import DataverseAuth, EntraSignIn
from dynsync_lib.portals.sign_in.token_store import TokenStore
from tests.pulls import FakeTime, connections, small_portals

AT_ONCE = SignInSwitches(device_interval_s=0)


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(small_portals()) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.conditions.reset()
    running.conditions.sign_in = AT_ONCE
    return running


@contextmanager
def _sign_in(emulator: Emulator, **changes: Any) -> Iterator[EntraSignIn]:
    with closing(EntraSignIn(connections(emulator, **changes), FakeTime().pace())) as sign_in:
        yield sign_in


def _refusal(emulator: Emulator, **changes: Any) -> PortalError:
    with _sign_in(emulator, **changes) as sign_in, pytest.raises(PortalError) as error:
        sign_in.read_token()
    return error.value


def _who_am_i(emulator: Emulator, token: str) -> int:
    dynamics = emulator.addresses["dynamics"]
    with httpx.Client(verify=trust(Path(dynamics["ca_file"]))) as client:
        answer = client.get(f"{dynamics['tls_url']}/api/data/v9.2/WhoAmI", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


@pytest.mark.parametrize("changes", [{}, {"authority": None, "tenant_id": None}, {"authority": None}])
def test_client_secret__tenant_known_or_found(emulator: Emulator, changes: dict[str, Any]) -> None:
    with _sign_in(emulator, **changes) as sign_in:
        assert _who_am_i(emulator, sign_in.read_token()) == 200


def test_certificate(emulator: Emulator) -> None:
    file = emulator.client_certificate_file
    with _sign_in(emulator, sign_in="certificate", certificate_file=file, client_secret=None) as sign_in:
        assert _who_am_i(emulator, sign_in.read_token()) == 200


def test_device_code__remembered_by_the_next_command(emulator: Emulator, tmp_path: Path) -> None:
    sentences: list[str] = []
    store = TokenStore(tmp_path, about=("here",))
    for _ in range(2):
        with _sign_in(emulator, sign_in="device_code", tell_person=sentences.append, token_store=store) as sign_in:
            assert _who_am_i(emulator, sign_in.read_token()) == 200
    assert len(sentences) == 1
    assert sentences[0].startswith(
        f"Sign in to Dynamics: open {emulator.addresses['dynamics']['tls_url']}/devicelogin and"
    )


def test_device_code__refused_token_is_refreshed(emulator: Emulator) -> None:
    with _sign_in(emulator, sign_in="device_code", tell_person=lambda _: None) as sign_in:
        first = sign_in.read_token()
        second = sign_in.read_token(refused=first)
        assert second != first
        assert _who_am_i(emulator, second) == 200


def test_device_code__ends_when_the_command_is_interrupted(emulator: Emulator) -> None:
    emulator.conditions.sign_in = dataclasses.replace(AT_ONCE, device_approval="manual", device_interval_s=5)

    async def ask() -> None:
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(sentence: str) -> None:
            del sentence
            loop.call_soon_threadsafe(asked.set)

        with _sign_in(emulator, sign_in="device_code", tell_person=tell) as sign_in:
            async with httpx.AsyncClient(auth=DataverseAuth(sign_in)) as client:
                task = asyncio.create_task(client.get(emulator.addresses["dynamics"]["url"]))
                await asked.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    asyncio.run(ask())  # joins the thread that polls, so it comes back only when the polling ended


def test_browser(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def browse(address: str, **_: Any) -> bool:
        threading.Thread(target=_visit, args=(emulator, address), daemon=True).start()
        return True

    monkeypatch.setattr("msal.oauth2cli.authcode._browse", browse)
    with _sign_in(emulator, sign_in="browser", tell_person=lambda _: None) as sign_in:
        assert _who_am_i(emulator, sign_in.read_token()) == 200


def _visit(emulator: Emulator, address: str) -> None:
    """What a browser does: gets the page, sends its form back to this machine."""
    with httpx.Client(verify=trust(Path(emulator.addresses["dynamics"]["ca_file"]))) as client:
        page = client.get(address)
    asked = dict(parse_qsl(urlsplit(address).query))
    fields = dict(part.split('" value="') for part in page.text.split('name="')[1:])
    form = {name: value.partition('"')[0] for name, value in fields.items()}
    httpx.post(asked["redirect_uri"], data=form)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (7000222, "Microsoft refuses the sign-in (AADSTS7000222): the client secret has expired."),
        (53003, "Microsoft refuses the sign-in (AADSTS53003): a conditional access policy refuses this sign-in."),
        (65001, "Microsoft refuses the sign-in (AADSTS65001): nobody has consented to this client."),
    ],
)
def test_refused(emulator: Emulator, code: int, says: str) -> None:
    emulator.conditions.sign_in = dataclasses.replace(AT_ONCE, refuse_with=code)
    error = _refusal(emulator)
    assert isinstance(error, SignInError)
    assert str(error) == says
    assert error.correlation_id


def test_device_code__not_a_public_client(emulator: Emulator) -> None:
    emulator.conditions.sign_in = dataclasses.replace(AT_ONCE, public_client=False)
    error = _refusal(emulator, sign_in="device_code", tell_person=lambda _: None)
    assert "AADSTS7000218" in str(error)
    assert "Allow public client flows" in error.next_step


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"client_secret": "n0t~this"}, "the client secret is wrong"),
        ({"client_id": "0aa0c0de-0000-4000-8000-000000000bad"}, "the tenant does not know this client id"),
    ],
)
def test_wrong_credentials(emulator: Emulator, changes: dict[str, Any], says: str) -> None:
    error = _refusal(emulator, **changes)
    assert says in str(error)
    assert not any(value in f"{error} {error.next_step}" for value in changes.values())


def test_foreign_tenant(emulator: Emulator) -> None:
    authority = emulator.addresses["dynamics"]["authority"].rpartition("/")[0]
    error = _refusal(emulator, authority=authority, tenant_id="0aa0c0de-0000-4000-8000-000000000bad")
    assert "Microsoft does not know the tenant of" in str(error)


TOKEN, DEVICE_CODE, DISCOVERY = "*/oauth2/v2.0/token", "*/oauth2/v2.0/devicecode", "*/.well-known/openid-configuration"


@pytest.mark.parametrize("path", [TOKEN, DEVICE_CODE, DISCOVERY])
@pytest.mark.parametrize(
    ("fault", "pause_s"),
    [
        ({"status": 429, "body": {"error": "too_many_requests"}, "headers": {"Retry-After": "60"}}, 60.0),
        ({"status": 408, "body": ""}, 1.0),
        ({"status": 503, "body": "<html>"}, 1.0),
        ({"cut": True}, 1.0),
    ],
)
def test_device_code__throttled_on_the_way(
    emulator: Emulator, path: str, fault: dict[str, Any], pause_s: float
) -> None:
    emulator.conditions.add_faults([Fault(path=path, **fault)])
    sentences: list[str] = []
    time = FakeTime()
    changed = connections(emulator, sign_in="device_code", tell_person=sentences.append)
    with closing(EntraSignIn(changed, time.pace())) as sign_in:
        assert _who_am_i(emulator, sign_in.read_token()) == 200
    assert time.slept == [pause_s]
    assert len(sentences) == 1


def test_device_code__whose_token_is_lost_on_the_way(emulator: Emulator) -> None:
    emulator.conditions.add_faults([Fault(path=TOKEN, cut=True, skip=1)])
    error = _refusal(emulator, sign_in="device_code", tell_person=lambda _: None)
    assert str(error) == (
        "Microsoft refuses the sign-in (AADSTS70018): the code was used before, as when Microsoft's answer to it was"
        " lost on the way."
    )
    assert error.next_step == "Run the command again and sign in anew."


def test_device_code__refresh_that_microsoft_takes_for_a_loop(emulator: Emulator) -> None:
    sentences: list[str] = []
    with _sign_in(emulator, sign_in="device_code", tell_person=sentences.append) as sign_in:
        first = sign_in.read_token()
        emulator.conditions.sign_in = dataclasses.replace(AT_ONCE, refuse_with=50196)
        with pytest.raises(RateLimitError, match=r"asks to wait \(AADSTS50196\)"):
            sign_in.read_token(refused=first)
        emulator.conditions.sign_in = AT_ONCE
        assert _who_am_i(emulator, sign_in.read_token(refused=first)) == 200
    assert len(sentences) == 1


@pytest.mark.parametrize("authority", [{}, {"authority": None}])
def test_certificate_of_the_server_is_not_trusted(emulator: Emulator, authority: dict[str, None]) -> None:
    error = _refusal(emulator, ca_file=None, **authority)
    assert isinstance(error, PortalUnavailableError)
    assert error.next_step == "Its certificate is not trusted: check the address and the machine's certificates."
