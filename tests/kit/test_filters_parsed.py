"""A filter's text is parsed when the settings are read, and never again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.filter_tree import FilterTree
from dynsync_lib.core.filters import grammar
from tests.kit.small_portals import load_portals

SETTINGS = """
[hubspot]
marketing_criterion = "city = 'Bonn'"
[sync.contact]
filter_to_hubspot = "statecode = 0"
filter_to_dynamics = "lifecyclestage = 'customer'"
[sync.company]
filter_to_hubspot = "name contains 'b'"
"""
FILES = {
    "h/contacts": "hs_object_id,email,city,lifecyclestage\n1,a@example.com,Bonn,customer\n",
    "d/contacts": "contactid,emailaddress1,statecode\nc1,b@example.com,0\n",
    "h/companies": "hs_object_id,name\n1,Abc\n",
    "d/accounts": "accountid,name\na1,Abc\n",
}


def test_forecast__parses_each_filter_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_portals(tmp_path, FILES, taken_at=datetime(2026, 11, 23, tzinfo=UTC))
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    parsed: list[str] = []
    parse = grammar.parse_filter

    def counted(text: str) -> FilterTree:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(grammar, "parse_filter", counted)
    kit.forecast(tmp_path / "s", tmp_path / "dynsync.toml", tmp_path / "forecast")

    assert sorted(parsed) == ["city = 'Bonn'", "lifecyclestage = 'customer'", "name contains 'b'", "statecode = 0"]
