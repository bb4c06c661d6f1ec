"""The chain of one record, found by whatever people have at hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dynsync_lib import kit
from dynsync_lib.core.explain import Explanation


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    folder = tmp_path_factory.mktemp("explain")
    files = {
        "h/contacts": "hs_object_id,email,jobtitle\n1,Ada@example.com,Buyer\n2,,Porter\n",
        "h/companies": "hs_object_id,name\n7,Acme GmbH\n",
        "h/links": "contact_id,company_id,is_primary\n1,7,true\n",
        "d/contacts": "contactid,emailaddress1,jobtitle\nD1,ada@example.com,Head\nD2,ada@example.com,\n",
        "d/accounts": "accountid,name\nA1,acme gmbh\n",
    }
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    snapshot = kit.load(folder / "h", folder / "d", folder / "s", taken_at=datetime(2026, 11, 23, tzinfo=UTC))
    (folder / "dynsync.toml").write_text("[sync.contact]\n[sync.company]\n", encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


def lines(chain: Explanation) -> list[str]:
    return [f"{step.about}: {step.says} [{step.rule_id}]" for step in chain.steps]


def test_explain__by_address_finds_both_sides(told: kit.Forecast) -> None:
    chains = kit.explain(told, " ADA@example.com")
    assert [(one.system, one.record_id, one.outcome) for one in chains] == [
        ("dynamics", "d1", "update"),
        ("dynamics", "d2", "shadowed"),
        ("hubspot", "1", "update"),
    ]


def test_explain__tells_key_rivals_outcome_fields_and_assumptions(told: kit.Forecast) -> None:
    first, second, third = kit.explain(told, "ada@example.com")
    assert lines(first)[:4] == [
        "key: Its match key, made of its e-mail address, is ada@example.com. [contact.match-email]",
        "rivals: 2 dynamics records share it, in this order: d1, d2. It belongs to d1. [record.first-order]",
        "outcome: A Dynamics contact matches a HubSpot contact whose e-mail address is the same, without regard to "
        "case and outer blanks. Its counterpart is 1. [contact.match-email]",
        "field: overwrite hubspot jobtitle: 'Head' in place of 'Buyer', from jobtitle. [field.conflict-winner]",
    ]
    assert "It stands behind d1. [contact.first-per-email]" in lines(second)[2]
    assert "link: To company 7: synced. [link.both-synced]" in lines(third)
    assert first.steps[2].source == "SEED, K2, H1 (seed)"
    assert [step.says for step in first.steps if step.about == "assumption"] == [
        "Another answer to `email_norm` would change this: How alike must two e-mail addresses be?"
    ]


def test_explain__by_id_by_name_and_without_key(told: kit.Forecast) -> None:
    assert [one.record_id for one in kit.explain(told, "D2")] == ["d2"]
    assert [one.record_id for one in kit.explain(told, "ACME  GmbH")] == ["a1", "7"]
    (chain,) = kit.explain(told, "2")
    assert chain.outcome == "excluded/no_email"
    assert lines(chain)[0] == "key: It has no e-mail address. [contact.match-email]"


def test_explain__nobody(told: kit.Forecast) -> None:
    assert kit.explain(told, "nobody") == ()


def test_masked__forecast_shows_nobody(told: kit.Forecast) -> None:
    masked = told.masked()
    assert masked.info["masked"] is True
    assert not masked.outcomes["match_key"].dropna().str.contains("@").any()
    assert set(masked.changes["new_value"]) <= {"(4 characters)", "(15 characters)", "acme gmbh"}
    assert len(masked.outcomes) == len(told.outcomes)
