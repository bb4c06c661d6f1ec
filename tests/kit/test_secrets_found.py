"""From settings and environment to connections: which secrets are found, which are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.model import System
from dynsync_lib.errors import SettingsError
from dynsync_lib.portals.sign_in.access import Access, read_access, settings_connections
from dynsync_lib.portals.sign_in.token_store import TokenStore

URL = "https://contoso.crm4.dynamics.com"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No secret of this machine is seen."""
    for name in ("HUBSPOT_TOKEN", "DYNAMICS_CLIENT_ID", "DYNAMICS_CLIENT_SECRET", "DYNAMICS_CERTIFICATE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _read(folder: Path, dynamics: str = "", env: str = "") -> Access:
    file = folder / "dynsync.toml"
    file.write_text(f"[dynamics]\n{dynamics}\n", encoding="utf-8")
    (folder / ".env").write_text(env, encoding="utf-8")
    return read_access(kit.read_settings(file), file)


def test_read_access__nothing_is_set(tmp_path: Path) -> None:
    access = _read(tmp_path)
    assert access.missing == {
        System.HUBSPOT: ("The environment variable HUBSPOT_TOKEN is not set.",),
        System.DYNAMICS: (
            "The environment variable DYNAMICS_CLIENT_ID is not set.",
            "The environment variable DYNAMICS_CLIENT_SECRET is not set.",
            "dynsync.toml: `url` under [dynamics] is empty.",
        ),
    }
    assert access.begun == frozenset()
    assert access.connections.hubspot_origin is None
    assert access.connections.dynamics_origin is None


@pytest.mark.parametrize(
    ("sign_in", "needed"),
    [
        ("client_secret", ["DYNAMICS_CLIENT_ID", "DYNAMICS_CLIENT_SECRET"]),
        ("certificate", ["DYNAMICS_CLIENT_ID", "DYNAMICS_CERTIFICATE_FILE"]),
        ("device_code", ["DYNAMICS_CLIENT_ID"]),
        ("browser", ["DYNAMICS_CLIENT_ID"]),
    ],
)
def test_read_access__what_each_sign_in_needs(tmp_path: Path, sign_in: str, needed: list[str]) -> None:
    access = _read(tmp_path, f'url = "{URL}"\nsign_in = "{sign_in}"')
    assert access.missing[System.DYNAMICS] == tuple(f"The environment variable {name} is not set." for name in needed)
    assert access.begun == {System.DYNAMICS}


def test_read_access__secrets_beside_the_settings_as_pasted(tmp_path: Path) -> None:
    env = "HUBSPOT_TOKEN='Bearer pat-eu1-x '\nDYNAMICS_CLIENT_ID=' app '\nDYNAMICS_CLIENT_SECRET=a~b\n"
    access = _read(tmp_path, f'url = "{URL}/main.aspx?appid=1"', env)
    told = access.connections
    assert (told.token, told.client_id, told.client_secret) == ("pat-eu1-x", "app", "a~b")
    assert str(told.dynamics_origin) == URL
    assert access.missing == {System.HUBSPOT: (), System.DYNAMICS: ()}


def test_read_access__certificate(tmp_path: Path) -> None:
    env = "DYNAMICS_CLIENT_ID=app\nDYNAMICS_CERTIFICATE_FILE=~/kit.pfx\nDYNAMICS_CERTIFICATE_PASSWORD=pw\n"
    told = _read(tmp_path, f'url = "{URL}"\nsign_in = "certificate"\ncertificate_thumbprint = "AB"', env).connections
    assert told.certificate_file == tmp_path / "home/kit.pfx"
    assert (told.certificate_password, told.certificate_thumbprint) == ("pw", "AB")
    assert "pw" not in repr(told)


def test_read_access__token_that_was_hidden(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="The environment variable HUBSPOT_TOKEN holds characters that none has"):
        _read(tmp_path, env="HUBSPOT_TOKEN=pat-eu1-••••\n")


@pytest.mark.parametrize(
    ("sign_in", "keep", "is_kept"),
    [
        ("client_secret", "people", False),
        ("certificate", "people", False),
        ("client_secret", "always", True),
        ("device_code", "people", True),
        ("browser", "people", True),
        ("browser", "never", False),
        ("device_code", "never", False),
    ],
)
def test_read_access__whose_sign_in_is_kept(
    tmp_path: Path, home: Path, sign_in: str, keep: str, *, is_kept: bool
) -> None:
    told = _read(tmp_path, f'url = "{URL}"\nsign_in = "{sign_in}"\nkeep_tokens = "{keep}"').connections
    assert (told.token_store is not None) is is_kept
    assert not home.exists()


def test_sign_out__forgets(tmp_path: Path) -> None:
    file = tmp_path / "dynsync.toml"
    store = _read(tmp_path, f'url = "{URL}"\nsign_in = "browser"', "DYNAMICS_CLIENT_ID=app").connections.token_store
    assert isinstance(store, TokenStore)
    store.write("{}")
    assert kit.sign_out(file)
    assert not kit.sign_out(file)
    assert store.read() is None


def test_settings_connections__names_everything_that_is_missing(tmp_path: Path) -> None:
    _read(tmp_path)
    file = tmp_path / "dynsync.toml"
    with pytest.raises(SettingsError) as error:
        settings_connections(kit.read_settings(file), file)
    assert len(error.value.faults) == 4
    assert error.value.next_step == "Set them in the environment or in a file .env beside dynsync.toml."


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            'sign_in = "password"',
            "`sign_in` is 'password'; allowed are client_secret, certificate, device_code, browser.",
        ),
        ('keep_tokens = "ever"', "`keep_tokens` is 'ever'; allowed are people, always, never."),
    ],
)
def test_settings__wrong_sign_in(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        _read(tmp_path, line)
    assert says in str(error.value)
