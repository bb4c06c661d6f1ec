"""How a report looks and speaks: agency, logo, colour, language."""

import re
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4

from dynsync_lib import kit
from dynsync_lib.cli import forecast_words
from dynsync_lib.errors import UsageError
from dynsync_lib.report import runner
from dynsync_lib.report.accuracy import ForecastTest
from dynsync_lib.report.decisions import decisions_table
from dynsync_lib.report.exporter import DynsyncReportExporter
from dynsync_lib.report.first_page import first_page
from dynsync_lib.report.light import TrafficLight
from dynsync_lib.report.look import Look, make_look
from dynsync_lib.report.marketing import MarketingContacts, marketing_gauge
from dynsync_lib.report.origin_funnel import origin_funnels
from dynsync_lib.report.totals import totals_chart
from dynsync_lib.report.translation import LANGUAGES, Translator, read_texts
from tests.report.hand_made_forecast import HandMadeForecast, write_forecast

_TABLES = (
    kit.flow_chart,
    kit.outcome_bars,
    kit.watch_plan,
    kit.reason_table,
    kit.collisions_table,
    kit.near_names_table,
    kit.links_table,
    kit.changes_table,
    kit.data_moment,
    kit.scope_table,
    kit.assumptions_table,
    kit.provenance,
    kit.sources_table,
)
_TESTED = {
    "hits": 5,
    "misses": 2,
    "accuracy": 5 / 7,
    "by_outcome": {"create": {"predicted": 5, "hits": 3}, "excluded": {"predicted": 4, "hits": 2}},
    "misses_by_outcome": {"create": 2},
    "by_cause": {"as_predicted": 5, "rule_in_doubt": 2, "changed_by_people": 1, "not_settled": 1},
    "missed": [
        {
            "system": "dynamics",
            "object": "contact",
            "record_id": "1",
            "predicted": "create",
            "actual": "untouched",
            "rule_id": "record.create",
            "assumptions": [],
        }
    ],
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/>%s</svg>'


def _html(look: Look) -> str:
    text = "# What the first sync will do\n\n## Findings\n\nOdd words here."
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(text)])  # type: ignore[no-untyped-call]
    exporter = DynsyncReportExporter()  # type: ignore[no-untyped-call]
    exporter.look = look
    html, _ = exporter.from_notebook_node(notebook)
    return html


def test_look__agency_logo_and_colour_are_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    html = _html(make_look(agency="A & B", logo=tmp_path / "logo.png", colour="#0a6b4f"))
    assert 'src="data:image/png;base64,' in html
    assert 'alt="A &amp; B"' in html
    assert "Prepared by A &amp; B" in html
    assert "--ds-accent:#0a6b4f" in html


def test_look__without_wishes_names_nobody() -> None:
    assert 'class="brand"' not in _html(Look())


@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        '<a href="https://x.example/"><g/></a>',
        '<rect onload="x()"/>',
        "<foreignObject/>",
        "<style>@import 'x.css';</style>",
        '<rect style="fill:url(https://x.example/a)"/>',
    ],
)
def test_look__refuses_a_logo_that_does_more_than_show(tmp_path: Path, inner: str) -> None:
    (tmp_path / "logo.svg").write_text(SVG % inner, encoding="utf-8")
    with pytest.raises(UsageError, match="does more than show a picture"):
        make_look(logo=tmp_path / "logo.svg")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"GIF89a", "neither PNG nor SVG"),
        (b"<html/>", "neither PNG nor SVG"),
        (PNG * 3000, "bytes; 200,000 are allowed"),
    ],
)
def test_look__refuses_other_files(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(UsageError, match=says):
        make_look(logo=tmp_path / "logo.png")


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"language": "fr"}, "cannot be written in 'fr'"),
        ({"colour": "green"}, "'green' of the report is not one"),
        ({"colour": "#ffee00"}, "too light to be read"),
        ({"logo": Path("nowhere.png")}, "nowhere.png cannot be read"),
    ],
)
def test_look__refuses_what_a_report_cannot_have(wishes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_look(**wishes)


def test_look__a_plain_svg_is_fine(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG % "", encoding="utf-8")
    assert make_look(logo=tmp_path / "logo.svg").logo.startswith("data:image/svg+xml;base64,")


def test_report__in_german_says_so_and_marks_what_stays_english() -> None:
    html = _html(Look(language="de"))
    assert '<html lang="de">' in html
    assert "<title>Was der erste Abgleich bewirkt</title>" in html
    assert ">Befunde<" in html
    assert 'data-count="{n} von {n2} Zeilen"' in html
    assert '<p lang="en">Odd words here.</p>' in html
    assert "Titel von Quellen" in html


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("records created in HubSpot", "Datensätze neu in HubSpot"),
        ("743 people, 1,178 companies", "743 Personen, 1.178 Unternehmen"),
        ("(70 % of Dynamics invoices; amber above 1.0 %)", "(70 % von Dynamics: Rechnungen; gelb über 1,0 %)"),
        ("How many records each system will have.", "Wie viele Datensätze jedes System haben wird."),
        (
            "998 of 1,000 predictions held (99.8 %), tested in a rehearsal with look-alikes in two test portals.",
            "998 von 1.000 Vorhersagen trafen zu (99,8 %), erprobt in einer Probe mit Doppelgängern in zwei "
            "Testportalen.",
        ),
        (
            "Data of 30 November 2026, 16:14 UTC, read from exported files.",
            "Stand der Daten: 30. November 2026, 16:14 UTC, aus exportierten Dateien gelesen.",
        ),
    ],
)
def test_translator__says_texts_numbers_lists_and_sentences(english: str, german: str) -> None:
    assert Translator("de").say(english) == german


@pytest.mark.parametrize(
    "text", ["Not checked: whatever nobody knows.", "Strange things sync both ways.", "Odd: it sings."]
)
def test_translator__takes_no_text_that_it_knows_in_part_only(text: str) -> None:
    assert Translator("de").find(text) is None


def test_translator__says_the_sentences_of_the_gauge() -> None:
    contacts = MarketingContacts(people=743, added=0, today=884, tier=1000)
    assert Translator("de").say(str(contacts)) == (
        "Von den 743 in HubSpot angelegten Personen wird keine zum Marketingkontakt. 884 der bezahlten 1.000 sind "
        "belegt. Würden es alle, wären es 1.627: 627 zu viel."
    )


@pytest.mark.parametrize("level", ["go", "go_with_conditions", "no_go", "not_assessed"])
def test_texts__hold_every_verdict(level: Any) -> None:
    light = TrafficLight(level, ())
    assert None not in (Translator("de").find(light.word), Translator("de").find(light.sentence))


def test_translator__leaves_code_and_customers_values_alone() -> None:
    page = Translator("de").page("<p>Findings</p><code>Findings</code><td>Acme 1,172</td><td>0.1.0</td><td>1.5 %</td>")
    assert page == "<p>Befunde</p><code>Findings</code><td>Acme 1.172</td><td>0.1.0</td><td>1,5 %</td>"


def test_translator__marks_sentences_as_english_and_no_keys_or_numbers() -> None:
    page = Translator("de").page("<td>&lt; 0.1 %</td><td>SEED, K2, P1</td><td>One page says so.</td>")
    assert page == '<td>&lt; 0,1 %</td><td>SEED, K2, P1</td><td lang="en">One page says so.</td>'


def test_translator__keeps_what_is_escaped_escaped() -> None:
    assert Translator("de").page("<td>&lt;b&gt; &amp;</td>") == "<td>&lt;b&gt; &amp;</td>"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_texts__have_the_same_places_in_both_languages(language: str) -> None:
    texts = read_texts(language)
    assert [text for text, words in texts.items() if _places(text) != _places(words)] == []


def _places(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", text))


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
@pytest.mark.parametrize("view", [first_page, decisions_table, marketing_gauge, origin_funnels, totals_chart])
def test_texts__hold_all_that_those_who_decide_read(view: Any, language: str) -> None:
    findings = [
        (check, "blocker", None, "contact", count, None, "Unsaid.", None, "some.rule")
        for check in ("G42", "G01", "G45")
        for count in (1, 2)
    ]
    page = Translator(language).page(view(HandMadeForecast().with_rows("findings", findings)).html)
    assert re.findall(r'lang="en"[^>]*>([^<]+)', page) == []


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_texts__hold_all_that_tables_say_by_themselves(language: str) -> None:
    forecast, tested = (
        HandMadeForecast(),
        ForecastTest(_TESTED, "by what both systems held after the sync was switched on"),
    )
    pieces = [table(forecast) for table in _TABLES]
    pieces += [kit.rule_catalogue(), kit.glossary(), kit.accuracy_section(tested), kit.accuracy_section(None)]
    page = Translator(language).page("".join(piece.html.partition("Sources by their keys")[0] for piece in pieces))
    assert re.findall(r'lang="en"[^>]*>([^<]+)', page) == []


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("3 contacts, 1 lead", "3 Kontakte, 1 Lead"),
        (
            "1 mapping names a lookup, which cannot sync.",
            "1 Feldzuordnung nennt ein Suchfeld, das nicht abgeglichen werden kann.",
        ),
        ("phone, zip and 14 more", "phone, zip und 14 weitere"),
        (
            "Dates such as 01/02/2026 (1,204): read as day, month, year; of the file 3 can mean nothing else.",
            "Daten wie 01/02/2026 (1.204): gelesen als Tag, Monat, Jahr; in der Datei können 3 nichts anderes "
            "bedeuten.",
        ),
        (
            "Annual Revenue: cells that are no numbers (2, the first on line 7) stay as they are.",
            "Annual Revenue: Zellen ohne Zahl (2, die erste: Zeile 7) bleiben, wie sie sind.",
        ),
        (
            "In this file: all 42 failing; 79 of 80 shadowed.",
            "In dieser Datei: abgelehnt: alle 42; verdeckt: 79 von 80.",
        ),
        (
            "Leads to deals, 2 in HubSpot: 2 kept; " * 20 + "Leads",
            "Leads → Deals, 2 in HubSpot: 2 erhalten; " * 20 + "Leads",
        ),
        ("Contacts: a / b: 2 in HubSpot; " * 20 + "Leads", "Kontakte: a / b: 2 in HubSpot; " * 20 + "Leads"),
        ("HubSpot contacts: phone: 1,204", "HubSpot: Kontakte: phone: 1.204"),
        (
            "2 mappings lose the time of day. 1,204 mapped fields were not delivered.",
            "2 Feldzuordnungen verlieren die Uhrzeit. 1.204 zugeordnete Felder wurden nicht geliefert.",
        ),
        (
            "Without a partner: HubSpot 'trial' (Trial, 1,233 records), 'a' (A, 1 record) and 2 more values.",
            "Ohne Entsprechung: HubSpot 'trial' (Trial, 1.233 Datensätze), 'a' (A, 1 Datensatz) und 2 weitere Werte.",
        ),
        (
            "1 HubSpot record fails because a text is longer than its Dynamics column. By column: lead.a (1 record).",
            "1 HubSpot-Datensatz wird abgelehnt, weil ein Text länger ist als seine Spalte in Dynamics. Spalten: "
            "lead.a (1 Datensatz).",
        ),
        (
            "Which side is processed first after indexing? (Moves nothing: both choices give one result.): 3; "
            "How alike must two company names be?: 2.",
            "Welche Seite wird nach dem Einlesen zuerst verarbeitet? (Verschiebt nichts: Beide Antworten geben "
            "dasselbe Ergebnis.): 3; Wie gleich müssen zwei Firmennamen sein?: 2.",
        ),
    ],
)
def test_translator__says_what_forecasts_count_and_list(english: str, german: str) -> None:
    assert Translator("de").say(english) == german


@pytest.mark.parametrize(
    "text", ["1 record and " * 400, "Leads: " * 400, "a, " * 400, "Leads to " * 400, "9 · 9; " * 400]
)
def test_translator__gives_up_on_texts_that_repeat_without_end(text: str) -> None:
    assert Translator("de").find(f"{text}odd words.") is None


def test_translator__breaks_a_drawn_label_into_as_many_lines() -> None:
    lines = "<text>Does one bad value fail the record, or is only</text><text>the field skipped?</text>"
    assert Translator("de").page(f"<svg>{lines}<text>7</text></svg>") == (
        "<svg><text>Lässt ein schlechter Wert den Datensatz</text>"
        "<text>scheitern, oder wird nur das Feld übergangen?</text><text>7</text></svg>"
    )


def test_translator__says_a_drawn_label_with_names_of_fields() -> None:
    page = Translator("de").page("<svg><text>7</text><text>Contacts: newsletter /</text><text>new_count</text></svg>")
    assert page == "<svg><text>7</text><text>Kontakte: newsletter / new_count</text><text></text></svg>"


def test_translator__leaves_names_of_customers_alone() -> None:
    page = '<td translate="no">Findings <wbr>of the Findings Company</td><td>Findings</td>'
    assert Translator("de").page(page) == page.replace("<td>Findings", "<td>Befunde")


def test_look__is_that_of_the_forecasts_settings_where_none_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = {"agency": "Company A", "colour": "#0a6b4f", "language": "de", "logo": "logo.png"}
    folder = write_forecast(HandMadeForecast().with_info(settings={"report": wishes}), tmp_path / "forecast")
    looks: list[Look] = []

    def write_report(*_: Any, look: Look, **__: Any) -> None:
        looks.append(look)

    monkeypatch.setattr(runner, "write_report", write_report)
    kit.report(folder, tmp_path / "report.html")
    kit.report(folder, tmp_path / "report.html", language="en")
    assert looks == [Look("de", "Company A", "", "#0a6b4f"), Look("en", "Company A", "", "#0a6b4f")]
    (tmp_path / "dynsync.toml").write_text("", encoding="utf-8")
    kit.report(folder, tmp_path / "report.html", settings=tmp_path / "dynsync.toml")
    assert looks[2] == Look()


def test_report__says_that_the_logo_of_the_settings_is_not_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"report": {"logo": "logo.png"}}
    forecast = kit.open_forecast(write_forecast(HandMadeForecast().with_info(settings=settings), tmp_path / "forecast"))
    forecast_words.print_report(tmp_path / "report.html", forecast, has_code=False)
    assert "The logo that the settings name is not in it: name the settings with --settings." in capsys.readouterr().out
    forecast_words.print_report(tmp_path / "report.html", forecast, has_code=False, has_logo=True)
    assert "logo" not in capsys.readouterr().out
