"""How far another key of companies moves the forecast, counted by hand."""

from __future__ import annotations

from pathlib import Path

from dynsync_lib import kit
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
