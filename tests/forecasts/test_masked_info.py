"""A masked forecast shows what filters ask, not whom they ask for; and nobody can take a stand-in back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.filters.grammar import hide_values
from dynsync_lib.core.masking import mask_key

_SETTINGS = """[sync.contact]
filter_to_hubspot = "statecode = 0 and lastname in ('Ito', 'O''Hara') or emailaddress1 = 'ada@example.com'"
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("statecode = 0", "statecode = 0"),
        ("lastname = 'Ito'", "lastname = …"),
        ("lastname in ('Ito', \"O'Hara\") and statecode != 1", "lastname in (…, …) and statecode != 1"),
        ("not (lastname contains 'x' or statecode = 0)", "not (lastname contains … or statecode = 0)"),
        ("telephone1 = 123", "telephone1 = …"),
        ("createdon within last 30 days", "createdon within last 30 days"),
        ("this is no filter?", "…"),
    ],
)
def test_hide_values(text: str, shown: str) -> None:
    assert hide_values(text, {"statecode", "createdon"}) == shown


def test_masked__filters_show_no_name_and_no_address(tmp_path: Path) -> None:
    forecast = _forecast(tmp_path)
    shown = forecast.masked().info["objects"]["contact"]["filter_to_hubspot"]
    assert shown == "statecode = 0 and lastname in (…, …) or emailaddress1 = …"
    page = kit.scope_table(forecast.masked()).html
    assert [word for word in ("Ito", "Hara", "ada@") if word in page] == []
    assert "statecode = 0" in page


def test_masked__explains_a_filter_without_whom_it_asks_for(tmp_path: Path) -> None:
    forecast = _forecast(tmp_path)
    (chain,) = kit.explain(forecast.masked(), "d1")
    (says,) = [step.says for step in chain.steps if step.about == "filter"]
    assert says == (
        "Only Dynamics contacts with statecode = 0 and lastname in (…, …) or emailaddress1 = … may enter. "
        "Its statecode is (filled), lastname is (filled), emailaddress1 is (filled): it passes."
    )


def test_masked__no_stand_in_is_a_digest_of_what_the_page_shows(tmp_path: Path) -> None:
    forecast = _forecast(tmp_path).masked()
    stand_in = next(row["match_key"] for row in forecast.rows("outcomes") if row["match_key"])
    known = [str(value) for value in (*forecast.info.values(), "")]
    guesses = [mask_key("ada@example.com", secret=value) for value in known]
    guesses += [f"person-{hashlib.sha256(b'ada@example.com').hexdigest()[:16]}"]
    assert stand_in.startswith("person-")
    assert stand_in not in guesses


def test_masked__is_the_same_each_time(tmp_path: Path) -> None:
    keys = [row["match_key"] for row in _forecast(tmp_path).masked().rows("outcomes")]
    again = kit.open_forecast(tmp_path / "f").masked()
    assert [row["match_key"] for row in again.rows("outcomes")] == keys == list(again.outcomes["match_key"])


def _forecast(folder: Path) -> kit.Forecast:
    (folder / "d").mkdir()
    rows = "contactid,emailaddress1,lastname,statecode\nd1,ada@example.com,Ito,0\n"
    (folder / "d" / "contacts.csv").write_text(rows, encoding="utf-8")
    (folder / "dynsync.toml").write_text(_SETTINGS, encoding="utf-8")
    snapshot = kit.load(None, folder / "d", folder / "s", taken_at=datetime(2026, 11, 29, tzinfo=UTC))
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")
