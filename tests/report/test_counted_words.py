"""That everything is said of none, one and two of a kind as one says it: no "1 records", in English and in German."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest

from dynsync_lib.cli.forecast_words import print_figures, print_replay
from dynsync_lib.core.model import LinkStatus, System, Verdict
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.tables import NOT_COMPARED
from dynsync_lib.report.decisions import read_decisions
from dynsync_lib.report.figures import six_figures
from dynsync_lib.report.reasons import read_plain_words
from dynsync_lib.report.translation import Translator, translator_of
from tests.report.hand_made_forecast import LINKS, NEAR_NAMES, SENSITIVITY, HandMadeForecast
from tests.report.test_views import VIEWS
from tests.rulebook_texts import shipped_rulebook

COUNTS = (0, 1, 2)
_ENGLISH = (
    "accounts associations blockers choices columns companies conditions contacts deals decisions fields files filters "
    "findings fixes groups hours invoices leads links mappings objects opportunities owners pairs people persons "
    "points predictions properties questions records rules rows stages steps tables tasks texts users values"
)
_GERMAN = (
    "Antworten Arten Aufgaben Auswahlwerte Auswahlwerten Bedingungen Befunde Benutzer[ns] Dateien Datensätze "
    "Datensätzen Eigenschaften Entscheidungen Feldzuordnungen Felder Feldern Firmen Fragen Gruppen Hindernisse "
    "Kontakte Kontakten Marketingkontakte Objekte Paare Paaren Personen Phasen Punkte Rechnungen Regeln Spalten "
    "Stunden Texte Verbindungen Verkaufschancen Vorhersagen Werte Werten Zeilen Zuordnungen"
)
_SINGLE = r"(?:of|von|aus|association|group|mapping|pair|record|Gruppe|Paar)\b"
"""Words after which what follows is not what is counted: "1 group of records", "1 association leads to"."""
_RECORDS = [
    ("hubspot", "contact", "create", None),
    ("dynamics", "company", "create", None),
    ("dynamics", "contact", "shadowed", None),
    ("dynamics", "lead", "failing", "invalid_email"),
    ("dynamics", "deal", "excluded", "stage_unmapped"),
    ("dynamics", "invoice", "excluded", "filter"),
]
_SEVERAL = {
    "en": (_ENGLISH, "are|do|have|lose|match|name|share|sync|were"),
    "de": (_GERMAN, "entfallen|gehen|gingen|haben|nennen|passieren|sind|teilen|verlieren|werden|wurden"),
}


def _slips(text: str, language: str = "en") -> list[str]:
    """Such as "1 records" and "1 record are": one of a kind with the words of several."""
    kinds, verbs = _SEVERAL[language]
    several = rf"(?:(?!{_SINGLE})[\w-]+ )?(?:{'|'.join(kinds.split())})\b"
    return re.findall(rf"(?<![\w.,–-])1 (?:{several}|(?:[\w-]+ ){{1,2}}(?:{verbs})\b)", text)


def test_slips__are_seen() -> None:
    seen = ["1 records", "1 of 1 mappings were", "1 Dynamics contacts", "1 record are", "1 groups share a key"]
    assert [text for text in seen if not _slips(text)] == []
    fine = ["1 record", "21 records", "1 group of records shares", "1,204 records", "0.1 records", "1 of 12 records"]
    assert [text for text in fine if _slips(text)] == []
    assert _slips("1 Datensätze", "de")
    assert _slips("1 Gruppe teilen", "de")
    assert _slips("1 Datensatz wird", "de") == []


def _counted_forecast(count: int) -> HandMadeForecast:
    """A forecast in which there are so many of everything that can be counted."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        "summary": [(*record, count) for record in _RECORDS],
        "changes": [
            ("contact", f"{number}", f"a-{number}", system, "phone", "telephone1", kind, "1", "2", note)
            for system, kind, note, number in itertools.product(
                System, ("fill", "overwrite"), (None, "stale_winner", "lifecycle_ignored"), range(count)
            )
        ],
        "links": [
            ("hubspot", "contact", f"{number}", "company", "7", str(status), row[-1])
            for status, row, number in itertools.product(LinkStatus, LINKS, range(count))
        ],
        "collisions": [
            ("dynamics", "contact", f"{number}@example.com", f"a-{number}-{place}", place, place == 1, None)
            for number, place in itertools.product(range(count), (1, 2))
        ],
        "near_names": NEAR_NAMES[:count],
        "mapping": [
            ("contact", f"f{number}", "c", Verdict.BLOCKED, "none", NOT_COMPARED, "field.lookup-blocked", None, count)
            for number in range(count)
        ],
        "findings": [
            (*_start_of(check), count, 0.5, _say(check.one, check.sentence, count), check.fix, check.rule_id)
            for check in shipped_rulebook().checks
            if count and check.sentence
        ],
        "sensitivity": [(*row[:2], count, row[3]) for row in SENSITIVITY[:count]],
    }
    forecast = HandMadeForecast()
    for name, table in rows.items():
        forecast = forecast.with_rows(name, table)
    return forecast


def _start_of(check: Check) -> tuple[str | None, ...]:
    return check.id, check.severity, check.system, check.object


def _say(one: str | None, many: str, count: int) -> str:
    return one if count == 1 and one else many.format(count=count, names="a (1)")


def _texts(html: str) -> Iterator[str]:
    """The texts between tags, with those that are heard."""
    yield from re.split(r"<[^>]*>", html)
    yield from re.findall(r'aria-label="([^"]*)"', html)


@pytest.mark.parametrize("check", shipped_rulebook().checks, ids=lambda check: check.id)
def test_findings__say_one_as_one(check: Check) -> None:
    text = _say(check.one, check.sentence, 1)
    assert _slips(text) == []
    assert _slips(translator_of("de").say(text), "de") == []


@pytest.mark.parametrize("count", COUNTS)
def test_views__say_one_as_one(count: int) -> None:
    forecast = _counted_forecast(count)
    texts = {(view.__name__, text) for view in VIEWS for text in _texts(view(forecast)._repr_html_())}
    german = {(name, translator_of("de").say(" ".join(text.split()))) for name, text in texts}
    assert sorted((name, slip) for name, text in texts for slip in _slips(text)) == []
    assert sorted((name, slip) for name, text in german for slip in _slips(text, "de")) == []


@pytest.mark.parametrize("count", COUNTS)
def test_figures__say_one_as_one(count: int) -> None:
    german = Translator("de")
    for figure in six_figures(_counted_forecast(count)).figures:
        assert _slips(f"{figure.value} {figure.label}") == []
        assert _slips(f"{figure.value} {german.say(figure.label)}", "de") == []


def test_decisions__say_one_as_one_and_have_their_german() -> None:
    for decision in read_decisions():
        names = re.findall(r"\{(\w+)", decision.says)
        for counts in itertools.product(COUNTS, repeat=len(names)):
            numbers = dict(zip(names, counts, strict=True))
            if numbers.get("lookups_blocked", 0) > numbers.get("mappings", 0):
                continue
            text = decision.tell(numbers)
            said = translator_of("de").find(text) if text else ""
            assert said is not None, text
            assert [*_slips(text), *_slips(said, "de")] == [], text


def test_reasons__say_one_as_one() -> None:
    slips = Counter(slip for words in read_plain_words() for count in COUNTS for slip in _slips(words.tell(count)))
    assert slips == {}


@pytest.mark.parametrize("count", COUNTS)
def test_commands__say_one_as_one(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("one_side_changed", "both_changed", "value_skipped", "owner_unresolved", "lifecycle_ignored", "escapes")
    side = {"taken_at_known": True}
    print_replay({"counts": dict.fromkeys(names, count), "before": side, "after": side, "not_checked": []})
    print_figures(cast(Any, _counted_forecast(count)))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > len(names)
    assert [line for line in lines if _slips(" ".join(line.split()))] == []
