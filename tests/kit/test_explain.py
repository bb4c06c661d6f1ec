"""The chain of one record, found by whatever people have at hand."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dynsync_lib import kit
from dynsync_lib.core.explain.chain import Explanation, Step
from dynsync_lib.errors import UsageError
from dynsync_lib.report.ladder import ladder_chart, shown_rungs
from tests.kit.small_portals import load_portals

GUID = "0a1b2c3d-0000-4000-8000-00000000000a"
FILES = {
    "h/contacts": "hs_object_id,email,hs_additional_emails,firstname,lastname,jobtitle\n"
    "1,Ada@example.com,ada.old@example.com,Ada,Lovelace,Buyer\n2,,,Bea,,Porter\n",
    "h/companies": "hs_object_id,name\n7,Acme GmbH\n",
    "h/links": "contact_id,company_id,is_primary\n1,7,true\n",
    "d/contacts": "contactid,emailaddress1,jobtitle,statecode,_parentcustomerid_value,_parentcustomerid_type\n"
    f"{GUID.upper()},ada@example.com,Head,0,,\n"
    "D2,ada@example.com,,0,,\n"
    "D3,cleo@example.com,,1,A1,account\n",
    "d/accounts": "accountid,name\nA1,acme gmbh\n",
}
SETTINGS = "[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n[sync.company]\n"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    folder = tmp_path_factory.mktemp("explain")
    for name, text in FILES.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    snapshot = kit.load(folder / "h", folder / "d", folder / "s", taken_at=datetime(2026, 11, 23, tzinfo=UTC))
    (folder / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


@pytest.fixture
def alone(told: kit.Forecast, tmp_path: Path) -> kit.Forecast:
    """The same forecast without its snapshot."""
    shutil.copytree(told.folder, tmp_path / "alone")
    return kit.open_forecast(tmp_path / "alone")


def lines(chain: Explanation) -> list[str]:
    return [f"{step.about}: {step.says} [{step.rule_id}]" for step in chain.steps]


def says(chain: Explanation, about: str) -> list[str]:
    return [step.says for step in chain.steps if step.about == about]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (" ADA@example.com", ["d2", GUID, "1"]),
        ("ada.OLD@example.com ", ["1"]),
        (f"{{{GUID.upper()}}}", [GUID]),
        ("D2", ["d2"]),
        ("1", ["1"]),
        ("ACME  GmbH", ["a1", "7"]),
        ("ada  LOVELACE", ["1"]),
        ("nobody", []),
        ("  ", []),
    ],
)
def test_explain__finds_by_address_guid_id_and_name(told: kit.Forecast, key: str, found: list[str]) -> None:
    chains = kit.explain(told, key)
    assert sorted(one.record_id for one in chains) == sorted(found)
    assert len(chains) == len(found)


def test_explain__tells_the_whole_way(told: kit.Forecast) -> None:
    (chain,) = kit.explain(told, GUID)
    assert (chain.system, chain.object, chain.outcome) == ("dynamics", "contact", "update")
    assert lines(chain)[:6] == [
        "scope: Contacts sync both ways: a Dynamics record may travel to HubSpot. [record.direction]",
        "filter: Only Dynamics contacts with statecode = 0 may enter. Its statecode is '0': it passes. [record.filter]",
        "key: Its match key is ada@example.com, made of emailaddress1 'ada@example.com'. [contact.match-email]",
        f"rivals: 2 Dynamics records share it, in the order in which the API delivers them: {GUID}, d2. "
        f"This one is number 1. It belongs to {GUID}. "
        "[record.first-order]",
        "outcome: A Dynamics contact matches a HubSpot contact whose e-mail address is the same, without regard to "
        "case and outer blanks. Its counterpart is 1. (step 5, line 1) [contact.match-email]",
        f"field: jobtitle of {GUID} overwrites HubSpot jobtitle 'Buyer' with 'Head'. [field.conflict-winner]",
    ]
    outcome = next(step for step in chain.steps if step.about == "outcome")
    assert (outcome.source, outcome.confidence) == ("SEED, K2, H1", "seed")


def test_explain__tells_the_loser_from_whom_and_the_filtered_by_what(told: kit.Forecast) -> None:
    (loser,) = kit.explain(told, "d2")
    assert says(loser, "outcome")[0].endswith(
        f"It stands behind {GUID}, from which it differs in jobtitle. (step 5, line 6)"
    )
    (filtered,) = kit.explain(told, "d3")
    assert filtered.outcome == "excluded/filter"
    assert says(filtered, "outcome")[0].endswith("(step 5, line 4)")
    assert says(filtered, "filter") == [
        "Only Dynamics contacts with statecode = 0 may enter. Its statecode is '1': it does not pass."
    ]
    assert says(filtered, "link") == ["The association to company a1 is lost: one of the two does not sync."]


def test_explain__tells_additional_addresses_links_and_open_questions(told: kit.Forecast) -> None:
    (chain,) = kit.explain(told, "1")
    assert says(chain, "key") == [
        "Its match key is ada@example.com, made of email 'Ada@example.com'.",
        "Its additional addresses are ada.old@example.com.",
    ]
    assert says(chain, "filter") == ["No filter: all HubSpot contacts may enter."]
    assert says(chain, "link") == ["The association to company 7 goes along."]
    (company,) = kit.explain(told, "7")
    assert says(company, "link") == ["The association from contact 1 goes along."]
    assert [one.split(":")[0] for one in says(chain, "assumption")] == ["email_norm"]
    assert "The forecast takes lower_trim; under exact this record ends otherwise." in says(chain, "assumption")[0]


def test_explain__names_only_choices_that_move_such_records(told: kit.Forecast) -> None:
    (company,) = kit.explain(told, "7")
    asked = {one.split(":")[0]: one.rsplit("; ")[-1] for one in says(company, "assumption")}
    assert asked["name_norm"] == "under at least one of exact, exact_trim this record ends otherwise."
    assert asked["company_keys"] == "under domain this record ends otherwise."


def test_explain__without_a_key(told: kit.Forecast) -> None:
    (chain,) = kit.explain(told, "2")
    assert chain.outcome == "excluded/no_email"
    assert says(chain, "key") == ["It has no e-mail address, so it has no match key."]


def test_explain__without_the_snapshot_says_what_cannot_be_shown(alone: kit.Forecast) -> None:
    (chain,) = kit.explain(alone, "d3")
    assert says(chain, "filter") == [
        "Only Dynamics contacts with statecode = 0 may enter. It does not pass. The snapshot is not at hand, so the "
        "values that decided cannot be shown."
    ]
    assert says(chain, "key") == ["Its match key, made of its e-mail address, is cleo@example.com."]
    assert len(kit.explain(alone, "ada.old@example.com")) == 0


def test_explain__with_the_snapshot_named(told: kit.Forecast, alone: kit.Forecast) -> None:
    snapshot = told.folder.parent / "s"
    assert len(kit.explain(alone, "ada.old@example.com", snapshot=snapshot)) == 1
    info = {**alone.info, "snapshot_sha256": "0" * 64}
    (alone.folder / "forecast.json").write_text(json.dumps(info), encoding="utf-8")
    other = kit.open_forecast(alone.folder)
    with pytest.raises(UsageError, match="is not the snapshot that"):
        kit.explain(other, "1", snapshot=snapshot)


def test_explain__a_masked_forecast_tells_nobody(told: kit.Forecast) -> None:
    chains = kit.explain(told.masked(), "ada@example.com")
    text = str([lines(chain) for chain in chains]) + chains._repr_html_()
    assert len(chains) == 3
    for person in ("ada@example.com", "ada.old", "Lovelace", "'Head'"):
        assert person not in text
    assert "overwrites HubSpot jobtitle (filled) with (filled)" in text


def test_explained__in_a_notebook_is_a_ladder_with_its_table(told: kit.Forecast) -> None:
    html = kit.explain(told, "d3")._repr_html_()
    assert '<svg role="img"' in html
    assert ">Why Dynamics contact d3 ends as it does</title>" in html
    assert "Excluded: it does not pass the filter of the sync." in html
    assert html.count("record.filter") >= 2
    assert "No record has that id, address or name." in kit.explain(told, "nobody")._repr_html_()
    assert repr(kit.explain(told, "d3")) == "dynamics contact d3: excluded/filter"


def test_ladder__counts_what_it_does_not_draw_and_is_whole_xml() -> None:
    steps = (Step("scope", "On."), *(Step("field", f"fills {place}" * 40, "field.fill") for place in range(7)))
    rungs = list(shown_rungs(steps))
    assert [word for word, _, _ in rungs] == ["Scope", "Field", "Field", "Field", "Field", ""]
    assert rungs[-1][1] == ["and 3 more fields, in the table below"]
    assert max(len(shown) for _, shown, _ in rungs) == 3
    html = ladder_chart(Explanation("hubspot", "contact", "<1>", "update", steps)).html
    svg = html[html.index("<svg") : html.index("</svg>") + 6]
    assert ElementTree.fromstring(svg.replace("xlink:href", "href")).tag.endswith("svg")  # noqa: S314 - our own text
    assert "&lt;1&gt;" in html


def test_masked__forecast_shows_nobody(told: kit.Forecast) -> None:
    masked = told.masked()
    assert masked.info["masked"] is True
    assert not masked.outcomes["match_key"].dropna().str.contains("@").any()
    assert set(masked.changes["new_value"]) == {"(filled)", "acme gmbh"}
    assert len(masked.outcomes) == len(told.outcomes)


REFUSED = {
    "h/properties": "object,name,type,field_type\ncontact,visits,number,number\n",
    "d/columns": "object,name,type,length,min_value,max_value,required\ncontact,new_visits,Integer,,0,100,\n"
    "contact,new_code,String,,,,SystemRequired\nlead,new_source,String,,,,SystemRequired\n",
    "h/contacts": "hs_object_id,email,jobtitle,firstname,visits,lifecyclestage\n"
    f"1,ann@c.example,{'x' * 101},{'y' * 51},,customer\n"
    "2,bo@c.example,,,250,customer\n3,cy@c.example,,,,customer\n4,eve@c.example,,,,lead\n",
    "d/contacts": "contactid,emailaddress1,jobtitle,firstname,new_visits\n"
    "D1,ann@c.example,,Ann,\nD2,bo@c.example,,,\nD4,dee@@c.example,,,\n",
}


def test_explain__names_the_column_that_refuses_and_what_it_takes(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, REFUSED)
    settings = "[sync.contact]\n[[sync.contact.mapping]]\nhubspot = 'visits'\ndynamics = 'new_visits'\n"
    (tmp_path / "dynsync.toml").write_text(settings, encoding="utf-8")
    told = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    refused = {key: says(kit.explain(told, key)[0], "field") for key in ("1", "2", "3", "d4")}
    assert refused == {
        # the first name is longer than its column, too, but Dynamics, the winner, has one
        "1": [
            "Dynamics jobtitle would get 101 characters and takes 100.",
            f"firstname of d1 overwrites HubSpot firstname '{'y' * 51}' with 'Ann'.",
        ],
        "2": ["Dynamics new_visits would get '250' and takes numbers from 0 up to 100."],
        "3": ["Dynamics new_code must be filled, and nothing is mapped to it."],
        "d4": ["HubSpot email would get 'dee@@c.example', which is no valid address."],
    }


def test_explain__of_a_contact_that_is_to_be_a_lead_names_columns_of_leads(tmp_path: Path) -> None:
    snapshot = load_portals(tmp_path, REFUSED)
    (tmp_path / "dynsync.toml").write_text("[sync.contact]\n[sync.lead]\n", encoding="utf-8")
    told = kit.forecast(snapshot, tmp_path / "dynsync.toml", tmp_path / "f")
    refused = {key: says(kit.explain(told, key)[0], "field") for key in ("3", "4")}
    assert refused == {
        "3": ["Dynamics new_code must be filled, and nothing is mapped to it."],
        "4": ["Dynamics new_source must be filled, and nothing is mapped to it."],
    }
