"""Which property and which column are suggested for one another, by hand-made fields of both sides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl
import pytest

from dynsync_lib import kit
from dynsync_lib.core.fields.catalogue import Catalogue, build_catalogue
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.suggestions.compared_fields import Knowledge
from dynsync_lib.core.suggestions.matched_records import NOBODY, MatchedRecords, match_records
from dynsync_lib.core.suggestions.meanings import read_meanings
from dynsync_lib.core.suggestions.suggest import Suggestion, suggest_mappings
from dynsync_lib.core.suggestions.vocabulary import read_vocabulary, split_words
from dynsync_lib.core.suggestions.wording import WordReader

RULES = Path(__file__).parents[2] / "dynsync_lib" / "rules"
VOCABULARY = read_vocabulary(
    (RULES / "field_words.toml").read_text(encoding="utf-8"),
    (RULES / "field_words_of_trades.toml").read_text(encoding="utf-8"),
)
KNOWLEDGE = Knowledge(
    kit.rulebook(), VOCABULARY, read_meanings((RULES / "field_meanings.toml").read_text(encoding="utf-8"))
)
TEXT, NUMBER, DATE, FLAG, CHOICE = (
    ("string", "text", "String"),
    ("number", "number", "Integer"),
    ("date", "date", "DateTime"),
    ("bool", "booleancheckbox", "Boolean"),
    ("enumeration", "select", "Picklist"),
)
Kind = tuple[str, str, str]


def portals(*fields: tuple[str, str, Kind, str], object_: str = "contact") -> Catalogue:
    """Fields as (side and name, label, kind, options separated by |): `h customer_tier`, `d new_kundenstufe`."""
    rows: dict[str, list[dict[str, object]]] = {"h": [], "d": []}
    for side_and_name, label, (hubspot, field_type, dynamics), options in fields:
        side, _, name = side_and_name.partition(" ")
        listed = [
            {"value": str(number), "label": option} for number, option in enumerate(filter(None, options.split("|")))
        ]
        row: dict[str, object] = {"object": object_, "name": name, "label": label, "options": json.dumps(listed)}
        is_day = dynamics == "DateTime"
        row |= {"type": hubspot, "field_type": field_type} if side == "h" else {"type": dynamics}
        rows[side].append({**row, "format": "DateOnly"} if side == "d" and is_day else row)
    return build_catalogue(rows["h"], rows["d"])


def suggested(catalogue: Catalogue, matched: MatchedRecords = NOBODY) -> list[Suggestion]:
    return suggest_mappings(catalogue, KNOWLEDGE, lambda _object, _fields: matched)


def firsts(catalogue: Catalogue, matched: MatchedRecords = NOBODY) -> dict[str, str]:
    return {row.hubspot_field: row.dynamics_field for row in suggested(catalogue, matched) if row.rank == 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("new_customerTier2", ("new", "customer", "tier", "2")),
        ("Straße & Hausnr.", ("strasse", "hausnr")),
        ("USt-IdNr.", ("ust", "id", "nr")),
        ("ARR", ("arr",)),
    ],
)
def test_names_and_labels__are_words(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Kundenstufe", "Customer tier"),
        ("newslettercount", "Newsletters sent (number)"),
        ("Date of birth", "Geburtsdatum"),
        ("Vertragsende", "Contract end"),
        ("Steuernummer", "Tax ID"),
    ],
)
def test_words__of_both_languages_share_a_concept(first: str, second: str) -> None:
    reader = WordReader(VOCABULARY)
    assert reader.read(first) & reader.read(second)


def test_words_of_trades__join_concepts_that_are_known() -> None:
    vocabulary = read_vocabulary(
        'noise = ["of"]\nprefixes = []\nqualifying = []\nheads = []\ncommon_options = []\nshort_parts = []\n'
        "[parts]\n[near]\n[exclusive]\n[weights]\n[own]\n"
        '[concepts]\nend = ["end", "ende"]\nnotice = ["notice period"]',
        '[work]\n"notice period" = ["Kündigungsfrist"]\n"end of assignment" = ["Einsatzende", "Ende of end"]\n'
        'shift = ["Schicht"]',
    )
    reader = WordReader(vocabulary)
    read = {text: reader.read(text) for text in ("Kündigungsfrist", "Einsatzende", "Schicht", "assignment end")}
    assert read == {
        "Kündigungsfrist": {"notice"},
        "Einsatzende": {"assignment", "end"},
        "Schicht": {"shift"},
        "assignment end": {"assignment", "end"},
    }


def test_standard_fields__follow_what_is_known_of_them() -> None:
    catalogue = portals(
        ("h phone", "Phone Number", TEXT, ""),
        ("h mobilephone", "Mobile Phone Number", TEXT, ""),
        ("d telephone1", "Business Phone", TEXT, ""),
        ("d mobilephone", "Mobile Phone", TEXT, ""),
        ("d fax", "Fax", TEXT, ""),
    )
    assert firsts(catalogue) == {"phone": "telephone1", "mobilephone": "mobilephone"}


def test_own_fields__are_found_across_languages_and_prefixes() -> None:
    catalogue = portals(
        ("h customer_tier", "Customer tier", CHOICE, "Gold|Silver|Bronze"),
        ("h contract_end", "Contract end", DATE, ""),
        ("h dob_year", "Favourite colour", TEXT, ""),
        ("d new_kundenstufe", "Kundenstufe", CHOICE, "Gold|Silber|Bronze"),
        ("d new_vertragsbeginn", "Vertragsbeginn", DATE, ""),
        ("d new_vertragsende", "Vertragsende", DATE, ""),
    )
    assert firsts(catalogue) == {"customer_tier": "new_kundenstufe", "contract_end": "new_vertragsende"}
    row = next(row for row in suggested(catalogue) if row.hubspot_field == "customer_tier")
    assert row.reason == "Customer tier and Kundenstufe mean the same, 3 of 3 options agree."


@pytest.mark.parametrize(
    ("hubspot", "dynamics", "kind"),
    [
        ("Phone", "Fax", TEXT),
        ("Record created", "Record modified", DATE),
        ("Newsletter opt-in", "No newsletter", FLAG),
        ("Email allowed", "Do not allow Email", FLAG),
        ("Billing city", "Shipping city", TEXT),
        ("Contract start", "Contract end", DATE),
        ("Revenue 2023", "Revenue 2024", NUMBER),
        ("Minimum budget", "Maximum budget", NUMBER),
        ("Net income", "Gross income", NUMBER),
        ("First donation date", "Last donation date", DATE),
        ("Tax number", "VAT number", TEXT),
        ("Planned revenue", "Revenue previous year", NUMBER),
        ("Number of users", "Number of devices", NUMBER),
        ("Type of property", "Maschinentyp", TEXT),
        ("Lead score", "Lead source", TEXT),
    ],
)
def test_look_alikes__are_never_suggested(hubspot: str, dynamics: str, kind: Kind) -> None:
    assert suggested(portals(("h a", hubspot, kind, ""), ("d new_b", dynamics, kind, ""))) == []


def test_lookups_and_read_only_fields__are_never_suggested() -> None:
    lookup = ("string", "text", "Lookup")
    catalogue = portals(("h region", "Region", TEXT, ""), ("d new_regionid", "Region", lookup, ""))
    assert suggested(catalogue) == []
    rows = [{"object": "contact", "name": name, "label": "Score", "read_only": True} for name in ("score", "new_score")]
    both = build_catalogue([{**rows[0], "type": "number"}], [{**rows[1], "type": "Integer"}])
    assert suggested(both) == []


@pytest.mark.parametrize(
    ("hubspot", "dynamics"),
    [
        (("lieferzeit_wochen", "Lieferzeit (Wochen)"), ("kmb_lzwochen", "LZ in Wochen")),
        (("poc_budget", "POC budget"), ("new_proofofconceptbudg", "Proof of concept budget")),
        (("maschinenkosten", "Maschinenkosten"), ("kmb_masch_kosten", "Masch.-Kosten")),
        (("debitorennummer", "Debitorennummer"), ("kmb_debnr", "Deb.-Nr.")),
        (("messebesuch_2025", "Messebesuch 2025"), ("kmb_messe25", "Messe 25")),
        (("umsatz_vorjahr", "Umsatz Vorjahr"), ("kmb_umsatzvj", "Umsatz VJ")),
        (("project_start", "Project start"), ("kmb_projektbeg", "Projektbeg.")),
        (("offer_date", "Offer date"), ("kmb_angdat", "Angebotsdat.")),
        (("freight_language", "Freight language"), ("kmb_frachtspr", "Frachtspr.")),
        (("economic_buyer", "Economic buyer"), ("new_econbuyer", "Econ. buyer")),
    ],
)
def test_short_forms__are_read_by_the_labels_of_the_other_side(
    hubspot: tuple[str, str], dynamics: tuple[str, str]
) -> None:
    sides = portals(("h " + hubspot[0], hubspot[1], NUMBER, ""), ("d " + dynamics[0], dynamics[1], NUMBER, ""))
    assert firsts(sides) == {hubspot[0]: dynamics[0]}


def test_a_short_form_alone__is_no_known_word() -> None:
    assert firsts(portals(("h sales_rep", "Sales rep", TEXT, ""), ("d kmb_salesr", "Vertr", TEXT, ""))) == {}


def test_short_forms__keep_look_alikes_apart() -> None:
    sides = portals(("h umsatz_plan", "Umsatz Planung", NUMBER, ""), ("d kmb_umsatzvj", "Umsatz Vorj.", NUMBER, ""))
    assert firsts(sides) == {}


def values(hubspot: Mapping[str, list[str]], dynamics: Mapping[str, list[str]]) -> MatchedRecords:
    both = {System.HUBSPOT: hubspot, System.DYNAMICS: dynamics}
    return MatchedRecords(20, both, both)


def test_values_of_matched_records__find_what_words_cannot() -> None:
    catalogue = portals(
        ("h field_a", "Zebra", TEXT, ""), ("d new_b", "Quagga", TEXT, ""), ("d new_c", "Okapi", TEXT, "")
    )
    numbers = [f"K-{number}" for number in range(20)]
    matched = values({"field_a": numbers}, {"new_b": numbers[::-1], "new_c": numbers})
    assert firsts(catalogue, matched) == {"field_a": "new_c"}
    row = suggested(catalogue, matched)[0]
    assert row.reason == "Values agree in 20 of 20 matched records."


def test_yes_or_no_that_agrees_in_many_records__is_found_without_words() -> None:
    answers = ["true", "false", "false"] * 14
    sides = portals(("h qrx", "Qrx", FLAG, ""), ("d new_zvw", "Zvw", FLAG, ""))
    assert firsts(sides, values({"qrx": answers}, {"new_zvw": answers})) == {"qrx": "new_zvw"}
    assert firsts(sides, values({"qrx": answers[:12]}, {"new_zvw": answers[:12]})) == {}


def test_values_that_never_agree__speak_against_a_pair_where_others_agree() -> None:
    catalogue = portals(
        ("h city", "City", TEXT, ""),
        ("h rating", "Partner rating index", NUMBER, ""),
        ("d address1_city", "City", TEXT, ""),
        ("d new_b", "Partner rating", NUMBER, ""),
    )
    assert firsts(catalogue) == {"city": "address1_city", "rating": "new_b"}
    low, high = ([str(number) for number in range(first, first + 20)] for first in (0, 50))
    cities = {"city": ["Bonn", "Ulm"] * 10}, {"address1_city": ["Bonn", "Ulm"] * 10}
    apart = values({**cities[0], "rating": low}, {**cities[1], "new_b": high})
    assert firsts(catalogue, apart) == {"city": "address1_city"}


def test_values_that_never_agree__say_nothing_where_none_do() -> None:
    catalogue = portals(("h rating", "Partner rating", NUMBER, ""), ("d new_rating", "Rating of partner", NUMBER, ""))
    low, high = ([str(number) for number in range(first, first + 20)] for first in (0, 50))
    assert firsts(catalogue, values({"rating": low}, {"new_rating": high})) == {"rating": "new_rating"}


def test_texts_that_look_different__are_no_pair() -> None:
    catalogue = portals(("h a", "Partner contact", TEXT, ""), ("d new_b", "Partner contact person", TEXT, ""))
    assert firsts(catalogue) == {"a": "new_b"}
    addresses, names = [f"p{number}@example.com" for number in range(20)], [f"Person {number}" for number in range(20)]
    assert firsts(catalogue, values({"a": addresses}, {"new_b": names})) == {}


def test_options_in_other_words__are_seen_in_matched_records() -> None:
    catalogue = portals(
        ("h field_a", "Zebra", CHOICE, "Ant|Bee|Cat"), ("d new_b", "Quagga", CHOICE, "Xenon|Argon|Neon")
    )
    ours = [str(number % 3) for number in range(60)]
    theirs = [str((number + 1) % 3) for number in range(60)]
    matched = values({"field_a": ours}, {"new_b": theirs})
    assert suggested(catalogue, matched)[0].reason == "Options go together in 60 matched records."


def test_lists_of_choices__are_compared_by_what_their_labels_mean() -> None:
    several = ("enumeration", "checkbox", "MultiSelectPicklist")
    sides = portals(("h qrx", "Qrx", several, "Monday|Tuesday"), ("d new_zvw", "Zvw", several, "Dienstag|Montag"))
    ours, theirs = ["0", "1", "0;1", "1"] * 10, ["1", "0", "0,1", "0"] * 10
    assert firsts(sides, values({"qrx": ours}, {"new_zvw": theirs})) == {"qrx": "new_zvw"}


def test_options_that_no_other_choice_has__are_enough() -> None:
    kinds = "Kauf|Leasing|Miete"
    sides = portals(("h qrx", "Qrx", CHOICE, "Purchase|Leasing|Rent"), ("d new_zvw", "Zvw", CHOICE, kinds))
    assert firsts(sides) == {"qrx": "new_zvw"}
    twice = portals(
        ("h qrx", "Qrx", CHOICE, "Purchase|Leasing|Rent"),
        ("d new_zvw", "Zvw", CHOICE, kinds),
        ("d new_kbt", "Kbt", CHOICE, kinds),
    )
    assert firsts(twice) == {}
    levels = portals(("h qrx", "Qrx", CHOICE, "Low|Medium|High"), ("d new_zvw", "Zvw", CHOICE, "gering|mittel|hoch"))
    assert firsts(levels) == {}


def test_dates__say_start_and_end_by_from_and_to() -> None:
    sides = portals(
        ("h delivery_a", "Delivery from", DATE, ""),
        ("h delivery_b", "Delivery to", DATE, ""),
        ("d new_ende", "Lieferende", DATE, ""),
        ("d new_beginn", "Lieferbeginn", DATE, ""),
    )
    assert firsts(sides) == {"delivery_a": "new_beginn", "delivery_b": "new_ende"}


def test_one_value_for_all__is_no_evidence() -> None:
    catalogue = portals(("h field_a", "Zebra", FLAG, ""), ("d new_b", "Quagga", FLAG, ""))
    assert suggested(catalogue, values({"field_a": ["true"] * 20}, {"new_b": ["true"] * 20})) == []


def test_ranks__begin_at_one_and_scores_fall() -> None:
    catalogue = portals(
        ("h support_plan", "Support plan", CHOICE, ""),
        ("d new_supportlevel", "Support level", CHOICE, ""),
        ("d new_supportpackage", "Support package", CHOICE, ""),
        ("d new_supportplan", "Support plan", CHOICE, ""),
        ("d new_supporttier", "Support tier", CHOICE, ""),
    )
    rows = suggested(catalogue)
    assert [row.rank for row in rows] == [1, 2, 3]
    assert rows[0].dynamics_field == "new_supportplan"
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)


def test_leads__have_the_properties_of_contacts() -> None:
    rows = [{"object": "contact", "name": "company", "label": "Company Name", "type": "string", "field_type": "text"}]
    columns = [{"object": "lead", "name": "companyname", "label": "Firmenname", "type": "String"}]
    assert [(row.object, row.dynamics_field) for row in suggested(build_catalogue(rows, columns))] == [
        (Object.LEAD, "companyname")
    ]


def test_matched_records__are_the_first_of_each_key() -> None:
    hubspot = pl.DataFrame(
        {"id": ["1", "2", "3"], "api_rank": [0, 1, 2], "email_key": ["a@x", "a@x", None], "fax": ["7", "8", "9"]}
    )
    dynamics = pl.DataFrame({"id": ["p", "q"], "api_rank": [1, 0], "email_key": ["a@x", "b@x"], "pager": ["5", None]})
    tables = {"hubspot/contacts": nw.from_native(hubspot.lazy()), "dynamics/contacts": nw.from_native(dynamics.lazy())}
    matched = match_records(Object.CONTACT, tables, {System.HUBSPOT: ["fax", "city"], System.DYNAMICS: ["pager"]})
    assert matched.values == {System.HUBSPOT: {"fax": ["7"]}, System.DYNAMICS: {"pager": ["5"]}}
    assert matched.any == {System.HUBSPOT: {"fax": ["7", "8", "9"]}, System.DYNAMICS: {"pager": [None, "5"]}}


def test_deals__are_brought_together_by_a_name_that_only_one_has() -> None:
    hubspot = pl.DataFrame({"id": ["1", "2", "3"], "api_rank": [0, 1, 2], "dealname": ["Pump ", "Mill", "Mill"]})
    dynamics = pl.DataFrame({"id": ["p", "q"], "api_rank": [0, 1], "name": ["pump", "mill"]})
    tables = {
        "hubspot/deals": nw.from_native(hubspot.lazy()),
        "dynamics/opportunities": nw.from_native(dynamics.lazy()),
    }
    matched = match_records(Object.DEAL, tables, {System.HUBSPOT: ["dealname"], System.DYNAMICS: ["name"]})
    assert matched.values == {System.HUBSPOT: {"dealname": ["Pump "]}, System.DYNAMICS: {"name": ["pump"]}}
