"""Tables: escaped, honest about their number of rows, and readable without a script."""

import pytest

from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table
from dynsync_lib.report.words import format_share

HEADS = [Head("Name"), Head("Count", "number"), Head("Share", "share"), Head("Rule", "code")]


def test_show_table__escapes_everything() -> None:
    evil = "<script>alert('x')</script>\"&"
    html = show_table(Grid(evil, [Head(evil), Head("b")], [[evil, Lines(evil, evil)]], note=evil)).html
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 7


def test_show_table__has_caption_scopes_and_a_focusable_region() -> None:
    html = show_table(Grid("Two names", HEADS, [["Ada", 1, 0.5, "a.b"], ["Bo", 2, None, None]])).html
    assert html.count('scope="col"') == 4
    assert html.count('scope="row"') == 2
    assert '<caption id="table-' in html
    assert 'role="group" tabindex="0" aria-labelledby="table-' in html
    assert "<code>a.b</code>" in html
    assert "<code>a_<wbr>b</code>" in show_table(Grid("Names", HEADS, [["Ada", 1, 0.5, "a_b"]])).html


def test_show_table__names_the_total_when_rows_are_left_off() -> None:
    rows = [[str(number), number] for number in range(5)]
    html = show_table(Grid("Many", [Head("a"), Head("b", "number")], rows, "pairs", total=1_204_000, limit=3)).html
    assert "3 of 1,204,000 pairs are shown; all of them are in the forecast’s files." in html
    assert html.count("<tr>") == 4


def test_show_table__missing_is_a_dash_and_not_a_zero() -> None:
    html = show_table(Grid("One", [Head("a"), Head("b", "number")], [["x", None], ["y", float("nan")], ["z", 0]])).html
    assert html.count('<span class="ds-missing" title="not known">–</span>') == 2
    assert html.count('data-sort="0"') == 1


def test_show_table__badge_says_its_word_and_sorts_by_rank() -> None:
    html = show_table(Grid("One", [Head("a"), Head("b")], [["x", Badge("Blocked", "bad", 3)]])).html
    assert 'data-sort="3"' in html
    assert '<span class="ds-badge ds-tone-bad">Blocked</span>' in html


def test_show_table__empty_says_so() -> None:
    html = show_table(Grid("No pairs", HEADS, [], empty="Nothing was found.")).html
    assert "Nothing was found." in html
    assert "<table" not in html


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *((0, "0 %"), (0.0004, "< 0.1 %"), (0.015, "1.5 %"), (0.25, "25 %")),
        *((0.99, "99 %"), (0.996, "99.6 %"), (0.9996, "> 99.9 %"), (1, "100 %")),
    ],
)
def test_format_share__never_rounds_to_nothing_or_all(share: float, text: str) -> None:
    assert format_share(share) == text.replace(" ", "\N{NO-BREAK SPACE}")
