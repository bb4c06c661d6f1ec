"""Charts: named for those who cannot see them, the same bytes each time, and a table behind each."""

import re
from collections.abc import Callable

import pytest

from dynsync_lib.report.charts import outcome_bars, read_bars
from dynsync_lib.report.figures import six_figures
from dynsync_lib.report.fixes import fix_bars
from dynsync_lib.report.flow import flow_chart
from dynsync_lib.report.forecast_tables import ForecastTables, count_outcomes
from dynsync_lib.report.funnel import funnel_chart
from dynsync_lib.report.key_groups import collision_sizes
from dynsync_lib.report.links import link_survival
from dynsync_lib.report.mapping_matrix import mapping_matrix
from dynsync_lib.report.origin_funnel import origin_funnels
from dynsync_lib.report.overlaps import issue_overlaps
from dynsync_lib.report.overwrite_heat import overwrite_heatmap, read_overwritten
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.ranked import assumption_bars
from dynsync_lib.report.svg import INK, MUTED, PAPER, _adapt, text_colour
from dynsync_lib.report.tiles import shade
from tests.report.hand_made_forecast import HandMadeForecast, empty_forecast

CHARTS = [
    outcome_bars,
    flow_chart,
    assumption_bars,
    overwrite_heatmap,
    mapping_matrix,
    link_survival,
    collision_sizes,
    issue_overlaps,
]
Draw = Callable[[ForecastTables], Piece]


@pytest.mark.parametrize("draw", CHARTS)
def test_charts__are_named_described_and_have_a_table(draw: Draw) -> None:
    html = str(draw(HandMadeForecast()).html)
    names = re.search(r'<svg role="img" [^>]*aria-labelledby="([^" ]+) ([^" ]+)"', html)
    assert names is not None
    assert re.search(rf'<title id="{names[1]}">[^<]+</title><desc id="{names[2]}">[^<]+</desc>', html)
    assert "<summary>The numbers behind it</summary>" in html
    assert "<caption" in html


def test_assumption_bars__a_long_question_is_drawn_in_two_lines() -> None:
    question = "Must the opposite record of a pair pass the filter of its own side, or only the record that travels?"
    forecast = HandMadeForecast().with_info(questions={"company_dup": question})
    html = str(assumption_bars(forecast).html)
    assert ">Must the opposite record of a pair pass the</text>" in html
    assert ">filter of its own side, or only the record …</text>" in html


@pytest.mark.parametrize("draw", CHARTS)
def test_charts__same_forecast_same_bytes(draw: Draw) -> None:
    assert draw(HandMadeForecast()).html == draw(HandMadeForecast()).html


@pytest.mark.parametrize("draw", CHARTS)
def test_charts__text_stays_text_and_no_date_or_font_is_left(draw: Draw) -> None:
    html = str(draw(HandMadeForecast()).html)
    assert "<text" in html
    assert "DejaVu" not in html
    assert "dc:date" not in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert not any(placeholder in html for placeholder in (INK, MUTED, PAPER))


def test_charts__ids_are_unique_over_all_charts() -> None:
    html = "".join(str(draw(HandMadeForecast()).html) for draw in CHARTS)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) > 20
    assert [one for one in set(ids) if ids.count(one) > 1] == []
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html)) <= {(one, "") for one in ids} | {
        ("", one) for one in ids
    }


@pytest.mark.parametrize("draw", CHARTS)
def test_charts__empty_forecast_is_a_sentence(draw: Draw) -> None:
    html = draw(empty_forecast()).html
    assert "<svg" not in html
    assert html.startswith('<p class="ds-empty">')


def test_flow_chart__says_both_sides() -> None:
    assert flow_chart(HandMadeForecast()).sentence == (
        "HubSpot has 275 records: 30 created in Dynamics, 197 matched, 0 shadowed, 46 excluded, 2 failing. "
        "Dynamics has 960 records: 705 created in HubSpot, 202 matched, 9 shadowed, 38 excluded, 6 failing. "
        "The two numbers of matched records differ: one HubSpot contact can be the partner of a contact and of a lead, "
        "a lead can meet a contact that is still to be created, and a record that will fail counts as failing although "
        "its partner is matched."
    )


def test_flow_chart__one_side_only() -> None:
    piece = flow_chart(HandMadeForecast().with_rows("summary", [("dynamics", "contact", "create", None, 1)]))
    assert piece.sentence.startswith("HubSpot holds no records. Dynamics has 1 record: 1 created")
    assert "<svg" in piece.html


def test_flow_chart__a_side_that_was_not_delivered_is_not_known() -> None:
    rows = [("hubspot", "contact", "create", None, 4)]
    forecast = HandMadeForecast().with_rows("summary", rows).with_info(not_provided=["dynamics/contacts"])
    piece = flow_chart(forecast)
    assert piece.sentence.endswith("How many records Dynamics holds is not known: they were not delivered.")
    assert "Dynamics: not known" in piece.html
    assert "Dynamics: 0" not in piece.html
    says = "How many contacts originate in Dynamics is not known: they were not delivered."
    assert says in origin_funnels(forecast).html
    assert (
        "Contacts that originate in Dynamics: there are none."
        in origin_funnels(forecast.with_info(not_provided=[])).html
    )


def test_flow_chart__a_million_to_one_stays_drawable() -> None:
    rows = [("dynamics", "contact", "create", None, 1_000_000), ("hubspot", "contact", "failing", "range", 1)]
    html = flow_chart(HandMadeForecast().with_rows("summary", rows)).html
    assert "1,000,000" in html
    assert "nan" not in html


def test_read_bars__in_the_order_of_the_sync() -> None:
    bars = read_bars(count_outcomes(HandMadeForecast()))
    assert [(bar.label, bar.total) for bar in bars] == [
        ("HubSpot companies", 2),
        ("Dynamics accounts", 7),
        ("HubSpot contacts", 273),
        ("Dynamics contacts", 935),
        ("Dynamics leads", 18),
    ]


def test_outcome_bars__small_parts_are_written_out() -> None:
    html = outcome_bars(HandMadeForecast()).html
    assert "9 shadowed" in html
    assert "6 failing" in html


def test_assumption_bars__asks_in_words() -> None:
    piece = assumption_bars(HandMadeForecast())
    assert "1 of 2 open questions matter" in piece.sentence
    assert "What happens to further accounts or companies" in piece.html


def _cells(html: str) -> list[str]:
    """The texts of a table's cells, row by row."""
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", html, re.DOTALL)]


def test_overwrite_heatmap__counts_what_lands_by_the_system_that_is_written_to() -> None:
    piece = overwrite_heatmap(HandMadeForecast())
    assert piece.sentence == "3 values are overwritten: 2 in HubSpot and 1 in Dynamics."
    cells = _cells(piece.html)
    assert cells[5:10] == ["Contacts", "jobtitle", "jobtitle", "2", "0"]
    assert cells[10:15] == ["Contacts", "no_bulk_mail", "donotbulkemail", "–", "1"]


def test_overwrite_heatmap__what_was_not_compared_is_no_zero() -> None:
    reason = "Dynamics jobtitle was not delivered, so no values were compared."
    rows = [("contact", "jobtitle", "jobtitle", "not_checked", "two_way", reason, "field.missing", None, None)]
    forecast = HandMadeForecast().with_rows("mapping", rows).with_rows("changes", [])
    piece = overwrite_heatmap(forecast)
    assert piece.sentence == (
        "0 values are overwritten: 0 in HubSpot and 0 in Dynamics. Not checked: 1 of 1 mapping was not compared."
    )
    assert _cells(piece.html)[5:] == ["Contacts", "jobtitle", "jobtitle", "Not checked", "Not checked"]


def test_overwrite_heatmap__counts_no_change_without_a_mapping_as_one() -> None:
    reason = "Dynamics jobtitle was not delivered, so no values were compared."
    rows = [("contact", "jobtitle", "jobtitle", "not_checked", "two_way", reason, "field.missing", None, None)]
    changes = [("contact", "1", "a", "hubspot", "lifecyclestage", "", "overwrite", "lead", "customer", None)]
    forecast = HandMadeForecast().with_rows("mapping", rows).with_rows("changes", changes)
    said = "Not checked: 1 of 1 mapping was not compared."
    assert overwrite_heatmap(forecast).sentence.endswith(said)
    assert six_figures(forecast).figures[3].sentence.endswith(said)


def test_overwrite_heatmap__nothing_flows_through_a_blocked_mapping() -> None:
    fields = {field.hubspot_field: field for field in read_overwritten(HandMadeForecast())}
    assert fields["company"].counts == {"hubspot": None, "dynamics": None}
    assert fields["closedate"].counts == {"hubspot": 0, "dynamics": 0}


def test_overwrite_heatmap__draws_twenty_fields_and_says_so() -> None:
    names = [f"a_rather_long_name_of_a_field_of_the_customer_{number:02}" for number in range(30)]
    rows = [
        ("contact", "1", "a", "hubspot", name, name, "overwrite", "x", "y", None) for name in names for _ in range(2)
    ]
    piece = overwrite_heatmap(HandMadeForecast().with_rows("changes", rows).with_rows("mapping", []))
    assert piece.sentence.endswith("The first 20 of 30 are drawn.")
    assert len(_cells(piece.html)) == 5 * 31


def test_shade__of_one_is_pale_and_of_all_is_dark() -> None:
    assert [shade(count, 1_234_567) for count in (1, 1_234_567)] == ["#e3eef8", "#08457e"]
    assert shade(7, 7) == "#08457e"


def test_mapping_matrix__says_which_way_each_mapping_works() -> None:
    rows = [
        ("contact", "a", "a", "ok", "two_way", None, "r", None, None),
        ("contact", "b", "b", "one_way", "to_hubspot", "why", "r", None, 1),
        ("contact", "c", "c", "blocked", "none", "why", "r", None, 1),
        ("contact", "d", "d", "not_checked", "to_dynamics", "why", "r", None, None),
        ("contact", "e", "e", "lossy", "two_way", "why", "r", None, 1),
    ]
    piece = mapping_matrix(HandMadeForecast().with_rows("mapping", rows))
    assert piece.sentence == "5 field mappings: 1 blocked, 1 loses detail, 1 one way, 1 works, 1 not checked."
    cells = _cells(piece.html)[5:]
    assert [cells[start + 2 : start + 5] for start in range(0, 25, 5)] == [
        ["c", "blocked", "blocked"],
        ["d", "does not flow", "not checked"],
        ["e", "loses detail", "loses detail"],
        ["b", "works", "does not flow"],
        ["a", "works", "works"],
    ]


def test_link_survival__every_association_has_a_part() -> None:
    piece = link_survival(HandMadeForecast())
    assert piece.sentence == "2 of 6 associations are kept."
    described = re.search(r"<desc[^>]*>([^<]+)</desc>", piece.html)
    assert described is not None
    assert (
        "Contacts to companies, 3 in HubSpot: 1 kept, 1 lost, not primary, 1 lost, a record stays out" in described[1]
    )


def test_collision_sizes__counts_groups_and_who_loses_the_key() -> None:
    piece = collision_sizes(HandMadeForecast())
    assert piece.sentence == "2 groups of records share a key, and 3 records lose it. The largest has 3 records."
    assert "2 records, 1 loses it, groups by kind HubSpot companies: 1" in piece.html


def test_collision_sizes__what_is_too_thin_for_a_number_keeps_its_words() -> None:
    sizes = [("hubspot", "company", 2, 1), ("dynamics", "lead", 2, 99), ("dynamics", "lead", 120, 1)]
    rows = [
        (system, object_, f"{object_}{size}{group}", f"{group}-{number}", number, number == 1, None)
        for system, object_, size, groups in sizes
        for group in range(groups)
        for number in range(1, size + 1)
    ]
    html = str(collision_sizes(HandMadeForecast().with_rows("collisions", rows)).html)
    assert ">HubSpot companies: 1</text>" in html
    assert ">100 records or more</text>" in html


def test_issue_overlaps__most_frequent_set_first() -> None:
    piece = issue_overlaps(HandMadeForecast())
    assert piece.sentence == "17 of 1,235 records have a problem, none more than one."
    described = re.search(r"<desc[^>]*>([^<]+)</desc>", piece.html)
    assert described is not None
    assert described[1].startswith("silently left out: 9; a company of a like name: 4; a value is overwritten: 3;")


def test_funnel_chart__is_drawn_for_phones_too() -> None:
    steps = [("records", 1_234_567, 0), ("filter", 7, 1_234_560), ("created", 0, 0)]
    rows = [{"step": step, "condition": step, "left": left, "kept_out": out} for step, left, out in steps]
    html = funnel_chart(rows, "Dynamics contacts").html
    assert html.count("<svg") == 2
    assert html.count("7 · −1,234,560</text>") == 2


def test_fix_bars__say_how_many_fixes_clear_how_much() -> None:
    steps = [{"changes": 1, "gone": 1_000, "share": 0.5}, {"changes": 12, "gone": 1_800, "share": 0.9}]
    piece = fix_bars(steps, "Fix 12 rows.")
    assert piece.sentence == "Fix 12 rows."
    assert piece.html.count("1,800 · 90\N{NO-BREAK SPACE}%</text>") == 2
    assert "1 fix</text>" in piece.html


def test_fix_bars__nothing_to_fix() -> None:
    assert "<svg" not in fix_bars([], "There is nothing to fix.").html


@pytest.mark.parametrize(
    ("background", "ink"), [("#0072b2", "#ffffff"), ("#e69f00", "#000000"), ("#ffffff", "#000000")]
)
def test_text_colour__has_the_larger_contrast(background: str, ink: str) -> None:
    assert text_colour(background) == ink


def test_save_svg__drops_both_ways_of_writing_the_font() -> None:
    older = """<text style="font: 700 12px 'DejaVu Sans', sans-serif; text-anchor: end">a</text>"""
    newer = """<text style="font-size: 12px; font-family: 'DejaVu Sans', sans-serif; text-anchor: end">a</text>"""
    assert _adapt(older, "x") == '<text style="font-size: 12px; font-weight: 700; text-anchor: end">a</text>'
    assert _adapt(newer, "x") == '<text style="font-size: 12px; text-anchor: end">a</text>'
