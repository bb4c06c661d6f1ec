"""The fewest changes that take most of the risk away, held to what the sync then decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from dynsync_lib.core.fix_set.cover import order_changes
from dynsync_lib.core.fix_set.risks import ChangeKind, RecordChange, Risk, RiskKind
from dynsync_lib.errors import UsageError
from tests.kit.small_portals import forecast_portals

A, B, C = (RecordChange("dynamics", "contact", name, ChangeKind.OWN_KEY) for name in "abc")


def risk(*needs: RecordChange, key: str = "") -> Risk:
    return Risk(RiskKind.SHADOWED, (key,), frozenset(needs))


def test_order__takes_most_away_first_and_counts_pairs_when_both_are_made() -> None:
    risks = [risk(A), risk(B), risk(B), risk(A, C), risk(C), risk(B, C), risk()]
    assert list(order_changes(risks)) == [(B, 2), (C, 2), (A, 2)]
    assert list(order_changes([])) == []


ACCOUNTS = [f"a0000000-0000-0000-0000-00000000000{number}" for number in range(1, 6)]
CONTACTS = [f"c0000000-0000-0000-0000-00000000000{number}" for number in range(1, 7)]
FILES = {
    "h/companies": "hs_object_id,name\n11,Company B GmbH\n12,Zenith\n",
    "h/contacts": "hs_object_id,email,jobtitle\n1,a@example.com,x\n2,b@example.com,y\n",
    "d/accounts": "accountid,name,statecode\n"
    + "".join(
        f"{id_},{name},0\n"
        for id_, name in zip(ACCOUNTS[:4], ("Company A", "Company A", "Company B AG", "D"), strict=True)
    ),
    "d/contacts": "contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type,statecode,jobtitle\n"
    f"{CONTACTS[0]},c@example.com,{ACCOUNTS[1]},account,0,\n"
    f"{CONTACTS[1]},d@example.com,{ACCOUNTS[1]},account,0,\n"
    f"{CONTACTS[2]},d@example.com,{ACCOUNTS[1]},account,0,\n"
    f"{CONTACTS[3]},not an address,,,0,\n"
    f"{CONTACTS[4]},a@example.com,,,1,\n",
}
SETTINGS = "[sync.company]\n[sync.contact]\n"


@pytest.fixture(scope="module")
def fixes(tmp_path_factory: pytest.TempPathFactory) -> kit.Fixes:
    """The fix set that is to take all risks away."""
    return kit.fix_set(forecast_portals(tmp_path_factory.mktemp("fixes"), FILES, SETTINGS), share=1)


def test_fix_set__best_first_and_decided_again(fixes: kit.Fixes) -> None:
    listed = [(row["record_id"], row["change"], row["beside_id"], row["gain"], row["gone"]) for row in fixes.rows()]
    assert listed == [
        (ACCOUNTS[1], "own_key", ACCOUNTS[0], 3, 3),
        (CONTACTS[2], "own_key", CONTACTS[1], 2, 5),
        (CONTACTS[3], "own_key", None, 1, 6),
        (CONTACTS[4], "reactivate", "1", 1, 7),
        ("11", "same_name", ACCOUNTS[2], 1, 8),
    ]
    assert fixes.by_kind == [
        {"kind": "association", "at_risk": 3, "gone": 3, "left": 0},
        {"kind": "failing", "at_risk": 2, "gone": 2, "left": 0},
        {"kind": "near_name", "at_risk": 1, "gone": 1, "left": 0},
        {"kind": "shadowed", "at_risk": 2, "gone": 2, "left": 0},
    ]
    assert fixes.sentence == "Fix 5 rows: 100 % of the collision risk is gone (8 of 8). Not everything was checked."
    assert fixes.steps()[0] == {"changes": 1, "gone": 3, "share": 0.375}
    assert list(fixes.table["rank"]) == [1, 2, 3, 4, 5]


def test_fix_set__of_settings_that_switch_nothing_on_says_so(tmp_path: Path) -> None:
    nothing = kit.fix_set(forecast_portals(tmp_path, FILES, ""))
    assert nothing.sentence == "Nothing to fix is known, but not everything was checked."
    assert nothing.not_checked[0] == (
        "Not checked: no record belongs to a sync that is switched on, so nothing was decided."
    )


def test_fix_set__of_a_share_is_smaller(fixes: kit.Fixes) -> None:
    half = kit.fix_set(fixes.forecast, share=0.6)
    assert half.sentence == "Fix 2 rows: 62 % of the collision risk is gone (5 of 8). Not everything was checked."
    assert [row["in_set"] for row in half.rows()] == [True, True, False, False, False]


def test_bad_input__a_sentence_each(fixes: kit.Fixes, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A share of 0 cannot be reached"):
        kit.fix_set(fixes.forecast, share=0)
    with pytest.raises(UsageError, match=r"A share of 1\.5 cannot be reached"):
        kit.fix_set(fixes.forecast, share=1.5)
    moved = tmp_path / "far" / "away" / "forecast"
    moved.parent.mkdir(parents=True)
    fixes.forecast.rename(moved)
    try:
        with pytest.raises(UsageError, match="which is needed here and is not there"):
            kit.fix_set(moved)
    finally:
        moved.rename(fixes.forecast)
