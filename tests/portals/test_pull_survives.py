"""Pulls that are killed and pulls that meet faults end in the bytes of a pull that nothing happened to."""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib.emulator.conditions.switches import Fault
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import PortalError
from dynsync_lib.portals.pull.pull_portals import PullOptions
from tests.portals.pull_process import MOMENTS
from tests.pulls import pull

ROOT = Path(__file__).parents[2]
WINDOWS = PullOptions(windows=2)


@pytest.fixture(scope="module")
def undisturbed(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes of a pull that nothing happened to."""
    running.conditions.reset()
    return _bytes(pull(running, tmp_path_factory.mktemp("undisturbed") / "s", options=WINDOWS).path)


def _bytes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _bytes_of(folder: Path) -> dict[str, str]:
    """The bytes of every file; of the manifest what it says, but for records that a portal delivered twice."""
    text = re.sub(
        r'"note": "\d+ records came more than once[^"]*"', '"note": null', (folder / "manifest.json").read_text()
    )
    return {**_bytes(folder), "manifest.json": hashlib.sha256(text.encode()).hexdigest()}


# --- Killed ------------------------------------------------------------------------------------------------------


def _short_pages(emulator: Emulator) -> None:
    """Many pages, so that there are many places to die at."""
    emulator.conditions.reset()
    emulator.conditions.add_faults(
        [
            Fault(path="/crm/v3/objects/contacts", short_page=23, times=10_000),
            Fault(path="/crm/v3/objects/companies", short_page=40, times=10_000),
            Fault(path="/api/data/v9.2/*", portal="dynamics", short_page=6, times=10_000),
        ]
    )


def _killed(emulator: Emulator, folder: Path, moments: Sequence[str]) -> list[str]:
    """How each process ended."""
    _short_pages(emulator)
    addresses = folder / "addresses.json"
    addresses.write_text(json.dumps(emulator.addresses), encoding="utf-8")
    call = [sys.executable, "-m", "tests.portals.pull_process", str(addresses), str(folder / "s"), *moments]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_pull__killed_by_the_system_again_and_again(
    running: Emulator, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    chance = random.Random(1)  # noqa: S311
    early = [moment for moment in MOMENTS if moment != "table"]
    moments = [f"{moment}:{chance.randint(1, 3)}" for moment in (*chance.sample(early, len(early)), "table")]
    ended = _killed(running, tmp_path, moments)
    assert ended == [*["killed"] * len(MOMENTS), "done"]
    assert set(ended) <= {"killed", "done"}
    assert _bytes(tmp_path / "s") == undisturbed


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(60))
def test_pull__killed_anywhere(running: Emulator, tmp_path: Path, undisturbed: dict[str, str], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    moments = [f"{chance.choice(MOMENTS)}:{chance.randint(1, 30)}" for _ in range(12)]
    ended = _killed(running, tmp_path, moments)
    assert set(ended) <= {"killed", "done"}
    assert _bytes(tmp_path / "s") == undisturbed


# --- Of any size -------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_pull__memory_does_not_grow_with_the_portal() -> None:
    call = [sys.executable, "-m", "tests.portals.pull_memory"]
    peak_mb = [
        float(subprocess.run([*call, str(size)], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for size in (100_000, 300_000)
    ]
    assert peak_mb[1] < peak_mb[0] + 40


# --- Faults ------------------------------------------------------------------------------------------------------

CLOUDFLARE = "<html><body>Bad Gateway</body></html>"
NEW_429 = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "message": "limit"}
OLD_429 = {"status": "error", "category": "RATE_LIMITS", "message": "You have reached your secondly limit."}
DAILY = {**NEW_429, "policyName": "DAILY", "message": "You have reached your daily limit."}
SERVICE = {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000."}}
BAD_QUERY = {"error": {"code": "0x80060888", "message": "The paging cookie cannot be read."}}
LISTS = ("/crm/v3/objects/contacts", "/crm/v3/objects/companies", "/crm/v3/objects/deals", "/crm/v3/objects/invoices")
HUBSPOT: tuple[dict[str, Any], ...] = (
    *({"status": status, "body": CLOUDFLARE} for status in (500, 502, 503, 504, 521, 522, 523, 524)),
    {"status": 429, "body": NEW_429},
    {"status": 429, "body": OLD_429},
    {"status": 429, "body": NEW_429, "headers": {"Retry-After": "3"}},
    {"status": 429, "body": DAILY},
    {"status": 408, "body": ""},
    {"status": 423, "body": ""},
    {"status": 477, "body": "", "headers": {"Retry-After": "60"}},
    {"status": 477, "body": "", "headers": {"Retry-After": "86400"}},
    {"status": 401, "body": {"category": "EXPIRED_AUTHENTICATION", "message": "expired"}},
    {"status": 530, "body": CLOUDFLARE},
    {"status": 409, "body": {"category": "CONFLICT", "message": "conflict"}},
    {"status": 400, "body": {"category": "VALIDATION_ERROR", "message": "no"}},
    {"status": 302, "body": "", "headers": {"Location": "https://elsewhere.example/"}},
    {"status": 200, "body": CLOUDFLARE},
    {"status": 200, "body": {"status": "PENDING"}},
    {"cut": True},
    {"status": 414, "body": ""},
)
HUBSPOT_PAGES: tuple[dict[str, Any], ...] = (
    {"short_page": 1},
    {"short_page": 9},
    {"short_page": 31},
    {"repeat_page": True, "short_page": 17},
    {"status": 414, "body": CLOUDFLARE},
)
DYNAMICS: tuple[dict[str, Any], ...] = (
    *({"status": status, "body": CLOUDFLARE} for status in (500, 502, 503, 504)),
    {"status": 429, "body": SERVICE, "headers": {"Retry-After": "27"}},
    {"status": 429, "body": SERVICE, "headers": {"Retry-After": "4000"}},
    {"status": 401, "body": ""},
    {"status": 408, "body": ""},
    {"status": 412, "body": ""},
    {"status": 413, "body": ""},
    {"status": 501, "body": BAD_QUERY},
    {"status": 400, "body": BAD_QUERY},
    {"status": 200, "body": CLOUDFLARE},
    {"cut": True},
)
DYNAMICS_PAGES: tuple[dict[str, Any], ...] = (
    {"short_page": 1},
    {"short_page": 4},
    {"short_page": 11},
    {"repeat_page": True, "short_page": 3},
    {"status": 414, "body": ""},
)
SIGN_IN: tuple[dict[str, Any], ...] = ({"status": 503, "body": CLOUDFLARE}, {"cut": True}, {"status": 200, "body": "<"})
TABLES = ("contacts", "accounts", "leads", "opportunities", "invoices", "systemusers")


def _fault(chance: random.Random) -> Fault:
    """One fault somewhere on the way; of the needed and of the other tables alike."""
    kind = chance.choices(("hubspot", "list", "dynamics", "table", "sign-in"), (5, 3, 4, 3, 1))[0]
    if kind == "list":
        what, path, portal = chance.choice(HUBSPOT_PAGES), chance.choice(LISTS), "hubspot"
    elif kind == "table":
        what, path, portal = chance.choice(DYNAMICS_PAGES), f"/api/data/v9.2/{chance.choice(TABLES)}", "dynamics"
    elif kind == "sign-in":
        what, path, portal = chance.choice(SIGN_IN), "*/oauth2/v2.0/token", "dynamics"
    else:
        what, path, portal = chance.choice(HUBSPOT if kind == "hubspot" else DYNAMICS), "*", kind
    times = chance.choice((1, 1, 1, 2, 7)) if "status" in what or "cut" in what else chance.choice((1, 3, 9))
    return Fault(portal=portal, path=path, skip=chance.randint(0, 40) if path == "*" else 0, times=times, **what)


def _storm(emulator: Emulator, out: Path, *, seed: int, faults: int) -> tuple[int, int]:
    """A pull through so many faults; how many requests met one, and how often it had to be started again."""
    chance = random.Random(seed)  # noqa: S311
    emulator.conditions.reset()
    emulator.conditions.add_faults([_fault(chance) for _ in range(faults)])
    planned = sum(fault.times for fault in emulator.conditions.waiting_faults())
    for again in range(200):
        if _pull_once(emulator, out):
            left = sum(entry[2] for entry in emulator.conditions._faults)
            return planned - left, again
    raise AssertionError("the pull does not come to an end")


def _pull_once(emulator: Emulator, out: Path) -> bool:
    """Whether a pull came to its end; if not, it must say why in a sentence, and what to do."""
    try:
        pull(emulator, out, tries=6, options=WINDOWS)
    except PortalError as fault:
        form = (fault.exit_code, str(fault)[-1:], bool(fault.next_step))
    else:
        return True
    assert form == (3, ".", True)
    return False


@pytest.mark.parametrize("seed", range(2))
def test_pull__through_faults(running: Emulator, tmp_path: Path, undisturbed: dict[str, str], seed: int) -> None:
    faulted, _ = _storm(running, tmp_path / "s", seed=seed, faults=12)
    assert faulted > 5
    assert _bytes_of(tmp_path / "s") == undisturbed


@pytest.mark.soak
def test_pull__through_a_thousand_faults(
    running: Emulator, tmp_path: Path, undisturbed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    faulted = again = pulls = 0
    while faulted < 2_000:
        out = tmp_path / f"{pulls}"
        storm = _storm(running, out, seed=1_000 + pulls, faults=20)
        assert _bytes_of(out) == undisturbed, f"seed {1_000 + pulls}"
        faulted, again, pulls = faulted + storm[0], again + storm[1], pulls + 1
    with capsys.disabled():
        sentence = f"{faulted:,} faults met in {pulls} pulls, started again {again} times, all ended in the same bytes"
        sys.stdout.write(f"\n{sentence}\n")
