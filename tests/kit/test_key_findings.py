"""Findings about who owns a key: inactive winners, and domains that are no keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

FILES = {
    "h/companies": "hs_object_id,name,domain,hs_additional_domains\n7,Bolt,bolt.example,old.example; WWW.b.example\n",
    "d/accounts": "accountid,name,websiteurl\nA1,Acme,b.example\nA2,Bolt,bolt.example\nA3,Cog,c.example\n",
    "d/contacts": "contactid,emailaddress1,statecode\nD1,a@c.example,1\nD2,a@c.example,0\nD3,a@c.example,1\n",
}


def _findings(folder: Path, settings: str, files: dict[str, str]) -> list[str]:
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    forecast = kit.forecast(load_portals(folder, files), folder / "dynsync.toml", folder / "f")
    return [row["sentence"] for row in forecast.rows("findings") if row["check_id"] in {"G12", "G47"}]


INACTIVE = "1 active Dynamics record loses its address or name to an inactive one and will never sync."
ADDITIONAL = (
    "1 account is created in HubSpot although a company has its domain as an additional one; only its first domain can "
    "be a key."
)


@pytest.mark.parametrize(("filter_", "said"), [("", [INACTIVE]), ('filter_to_hubspot = "statecode = 0"', [])])
def test_keys__an_inactive_winner_is_told(tmp_path: Path, filter_: str, said: list[str]) -> None:
    assert _findings(tmp_path, f"[sync.contact]\n{filter_}\n", FILES) == said


@pytest.mark.parametrize("keys", ["name", "name_or_domain"])
def test_keys__a_company_has_the_domain_as_an_additional_one(tmp_path: Path, keys: str) -> None:
    settings = f'[sync.company]\n[assumptions]\ncompany_keys = "{keys}"\n'
    assert _findings(tmp_path, settings, FILES) == [ADDITIONAL]


def test_keys__additional_domains_that_were_not_delivered(tmp_path: Path) -> None:
    files = {**FILES, "h/companies": "hs_object_id,name,domain\n7,Bolt,bolt.example\n"}
    assert _findings(tmp_path, "[sync.company]\n", files) == []
