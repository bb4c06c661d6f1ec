"""How far another key of companies moves the forecast, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.snapshot.snapshot import Snapshot
from tests.kit.small_portals import load_portals

FILES = {
    "h/companies": "hs_object_id,name,domain\n1,Acme,acme.example\n2,Bolt,\n",
    "d/accounts": "accountid,name\na1,Acme\na2,Cord\n",
}


def test_company_keys__a_side_without_domains_cannot_be_matched_by_them(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, FILES)
    settings = tmp_path / "dynsync.toml"
    settings.write_text("[sync.company]\n", encoding="utf-8")
    rows = kit.records(kit.forecast(snapshot, settings, tmp_path / "f").sensitivity)
    moved = {row["choice"]: row["outcomes_changed"] for row in rows if row["assumption_id"] == "company_keys"}
    # by domain: the pair of Acme comes apart (1 is created, a1 has no key), and Bolt and Cord have no key, either
    assert moved == {"domain": 4, "name_or_domain": 0}


NAME, DOMAIN = "company.match-name: ", "company.match-domain: "
EXPLAINED = {
    "h/companies": "hs_object_id,name,domain\n1,Acme,acme.example\n2,Bolt,\n3,,nameless.example\n4,Cord,cord.example\n",
    "d/accounts": "accountid,name,websiteurl\na1,Acme,acme.example\na4,Cordial,www.cord.example\n",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_portals(tmp_path_factory.mktemp("keys"), EXPLAINED)


@pytest.mark.parametrize(
    ("keys", "record_id", "says"),
    [
        ("name", "1", NAME + "Its match key is acme, made of name 'Acme'."),
        ("name", "3", NAME + "It has no name, so it has no match key."),
        ("domain", "1", DOMAIN + "Its match key is acme.example, made of domain 'acme.example'."),
        ("domain", "a4", DOMAIN + "Its match key is cord.example, made of websiteurl 'www.cord.example'."),
        ("domain", "2", DOMAIN + "It has no domain, so it has no match key."),
        ("name_or_domain", "1", NAME + "Its match key is acme, made of name 'Acme'."),
        ("name_or_domain", "4", DOMAIN + "Its match key is cord.example, made of domain 'cord.example'."),
    ],
)
def test_explain__names_the_key_that_counts(
    snapshot: Snapshot, tmp_path: Path, *, keys: str, record_id: str, says: str
) -> None:
    text = f"[sync.company]\n[assumptions]\ncompany_keys = '{keys}'\n"
    assert key_steps(snapshot, tmp_path, text, record_id) == [says]


def test_explain__says_nothing_of_the_key_of_an_object_that_is_off(snapshot: Snapshot, tmp_path: Path) -> None:
    assert key_steps(snapshot, tmp_path, "[sync.contact]\n", "1") == []


def test_explain__the_domain_is_no_key_without_the_default_mappings(snapshot: Snapshot, tmp_path: Path) -> None:
    text = "[sync.company]\ndefault_mappings = false\n[assumptions]\ncompany_keys = 'domain'\n"
    assert key_steps(snapshot, tmp_path, text, "1") == [NAME + "Its match key is acme, made of name 'Acme'."]


def key_steps(snapshot: Snapshot, folder: Path, text: str, record_id: str) -> list[str]:
    if text not in _FORECASTS:
        file = folder / "dynsync.toml"
        file.write_text(text, encoding="utf-8")
        _FORECASTS[text] = kit.forecast(snapshot, file, folder / "f")
    (chain,) = kit.explain(_FORECASTS[text], record_id, snapshot=snapshot.path)
    return [f"{step.rule_id}: {step.says}" for step in chain.steps if step.about == "key"]


_FORECASTS: dict[str, kit.Forecast] = {}


def test_findings__companies_without_a_key_stay_out(snapshot: Snapshot, tmp_path: Path) -> None:
    file = tmp_path / "dynsync.toml"
    file.write_text("[sync.company]\n[assumptions]\ncompany_keys = 'domain'\n", encoding="utf-8")
    rows = kit.records(kit.forecast(snapshot, file, tmp_path / "f").findings)
    assert [(row["system"], row["count"], row["sentence"]) for row in rows if row["check_id"] == "G12"] == [
        ("hubspot", 1, "1 HubSpot company has no name or domain to be matched by, and stays out.")
    ]
