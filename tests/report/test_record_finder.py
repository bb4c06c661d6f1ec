"""Why-chains inside the report: which records are in it, and that nobody's address is."""

import hashlib
import re
from typing import Any

from dynsync_lib.report.record_finder import hash_key, show_finder
from tests.report.hand_made_forecast import HandMadeForecast

SALT = "0123456789abcdef"


def _show(forecast: HandMadeForecast, **options: Any) -> Any:
    return show_finder(forecast, forecast.info, SALT, **options)


def test_hash_key__is_what_the_page_works_out() -> None:
    expected = hashlib.sha256(b"0123456789abcdefanna@adler.example").hexdigest()[:12]
    assert hash_key("Anna@Adler.example", SALT) == expected == hash_key("anna@adler.example", SALT)


def test_show_finder__holds_hashes_and_no_address() -> None:
    html = _show(HandMadeForecast()).html
    assert "@" not in html
    assert hash_key("anna@adler.example", SALT) in html
    assert hash_key("a-8", SALT) in html


def test_show_finder__hashes_addresses_of_people_with_the_code() -> None:
    html = show_finder(HandMadeForecast(), HandMadeForecast().info, SALT, "abcd").html
    assert hash_key("anna@adler.example", SALT) not in html
    assert hash_key("anna@adler.example", SALT + "abcd") in html
    assert hash_key("a-8", SALT) in html


def test_show_finder__takes_failing_and_shadowed_records_first_and_says_so() -> None:
    summary = [
        ("hubspot", "contact", "failing", "too_long", 1),
        ("dynamics", "contact", "shadowed", None, 9),
        ("dynamics", "contact", "update", None, 1),
    ]
    piece = _show(HandMadeForecast().with_rows("summary", summary), most=4)
    assert piece.sentence == (
        "In this file: all 1 failing; 3 of 9 shadowed; 0 of 1 matched, changed. "
        "Any other record is explained by the command dynsync explain."
    )


def test_show_finder__says_the_steps_of_a_chain() -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", _show(HandMadeForecast()).html).split())
    assert "Record Dynamics contacts Scope Contacts sync both ways. Filter into HubSpot: statecode = 0" in text
    assert "Outcome Failing: a text is longer than the Dynamics column." in text
    assert "Outcome Shadowed: it loses its e-mail address or name to an earlier record" in text
    assert "Rule contact.first-per-email" in text
    assert "the command dynsync explain adds the fields, associations and refused values of one." in text


def test_show_finder__asks_open_questions_in_words() -> None:
    *decided, _ = HandMadeForecast().tables["outcomes"][0]
    html = _show(HandMadeForecast().with_rows("outcomes", [(*decided, "company_dup;own_knob")])).html
    assert "Another answer would change it: What happens to further accounts or companies of one name?" in html
    assert "Another answer would change it: own_knob." in html


def test_show_finder__records_that_end_alike_share_a_chain() -> None:
    html = _show(HandMadeForecast()).html
    assert (html.count("<template"), len(re.search(r"text/plain[^>]*>([^<]*)", html)[1].splitlines())) == (3, 11)  # type: ignore[index]
