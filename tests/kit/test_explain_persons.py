"""The chain of HubSpot contacts where contacts and leads both sync: whose key counts, where the stage sends them."""

from __future__ import annotations

import pytest

from dynsync_lib import kit
from dynsync_lib.snapshot.snapshot import Snapshot
from tests.kit.small_portals import load_portals

FILES = {
    "h/contacts": "hs_object_id,email,lifecyclestage,zip\n1,a@example.com,\u200blead,K1\n2,b@example.com,customer,\n"
    "3,c@example.com,lead,K3\n",
    "d/contacts": "contactid,emailaddress1\nd1,b@example.com\n",
    "d/leads": "leadid,emailaddress1,address1_postalcode\nl1,x@example.com,K1\n",
}
SETTINGS = """
[sync.contact]
[sync.lead]
match_mode = "own_field"
match_field = { hubspot = "zip", dynamics = "address1_postalcode" }
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_portals(tmp_path_factory.mktemp("persons"), FILES)


@pytest.fixture(scope="module")
def told(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    folder = tmp_path_factory.mktemp("forecast")
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


def steps(told: kit.Forecast, snapshot: Snapshot, key: str, about: str) -> list[str]:
    (chain,) = kit.explain(told, key, snapshot=snapshot.path)
    return [step.says for step in chain.steps if step.about == about]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("1", "Its match key is its own field zip: K1."),
        ("2", "Its match key is b@example.com, made of email 'b@example.com'."),
        ("3", "Its match key is its own field zip: K3."),
    ],
)
def test_explain__names_the_key_of_the_sync_it_belongs_to(
    told: kit.Forecast, snapshot: Snapshot, *, key: str, says: str
) -> None:
    assert steps(told, snapshot, key, "key") == [says]


def test_explain__trims_a_stage_as_the_route_does(told: kit.Forecast, snapshot: Snapshot) -> None:
    (route,) = steps(told, snapshot, "1", "route")
    assert route.endswith("Its stage is lead: it belongs to the leads.")


def test_explain__hides_the_stage_of_a_masked_forecast(told: kit.Forecast, snapshot: Snapshot) -> None:
    (route,) = steps(told.masked(), snapshot, "2", "route")
    assert "Its stage is customer" not in route
    assert route.endswith("it belongs to the contacts.")
