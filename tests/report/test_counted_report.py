"""A report at the level `counts`: no record is in it, and nobody is known by a small number."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.counted_forecast import CountedForecast, hide_few
from tests.worklist.small_worklist import A1, A2, A3, C1, C2, C3, C4, D1, I1, small_forecast

NOTEBOOK = Path(kit.__file__).parents[1] / "report" / "notebooks" / "report_stakeholder.ipynb"
RECORDS = {
    "outcomes": ["record_id"],
    "changes": ["old_value"],
    "links": ["to_id"],
    "collisions": ["match_key"],
    "near_names": ["hubspot_name"],
}


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> kit.Forecast:
    """The forecast of two small portals, with one to four people in every group."""
    return small_forecast(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def counted(forecast: kit.Forecast) -> CountedForecast:
    shown = kit.shown_forecast(forecast, "counts")
    assert isinstance(shown, CountedForecast)
    return shown


@pytest.fixture(scope="module")
def pieces(forecast: kit.Forecast) -> list[str]:
    """The HTML of every cell of the report's notebook, run here."""
    names: dict[str, Any] = {}
    pieces = []
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        *lines, last = "".join(cell["source"]).splitlines() if cell["cell_type"] == "code" else ["None"]
        exec("\n".join(lines), names)  # noqa: S102 - the kit's own notebook
        if "parameters" in cell["metadata"].get("tags", ()):
            names.update(forecast_folder=str(forecast.folder), masking="counts")
        elif last != "None":
            pieces.append(eval(last, names)._repr_html_())  # noqa: S307
    return pieces


def test_report__holds_no_record(pieces: list[str]) -> None:
    page = " ".join(pieces)
    records = (A1, A2, A3, C1, C2, C3, C4, D1, I1, "ada@example.com", "Company B", "Byron")
    assert [text for text in records if text in page] == []
    assert page.count("Records are not shown at this level of masking") == 3


def test_report__says_what_was_done_to_numbers(pieces: list[str]) -> None:
    assert "Numbers alone: no record is in this report." in pieces[0]


def test_report__tells_no_small_number_of_people(pieces: list[str]) -> None:
    kinds = "contacts?|leads?|people"
    told = [match[0] for piece in pieces for match in re.finditer(rf"\b[1-4] (?:\w+ )?(?:{kinds})\b", piece)]
    assert told == []
    assert "Fewer than 5 Dynamics contacts" in " ".join(pieces)


def test_rows__numbers_of_people_are_rounded_up(forecast: kit.Forecast, counted: CountedForecast) -> None:
    exact = {(row["system"], row["object"], row["outcome"], row["reason"]): row for row in forecast.rows("summary")}
    for row in counted.rows("summary"):
        number = exact[row["system"], row["object"], row["outcome"], row["reason"]]["count"]
        assert row["count"] == (5 if row["object"] == "contact" and number else number)
    assert counted.info["records"]["dynamics/contacts"] == 5
    assert counted.info["records"]["dynamics/accounts"] == 3


def test_rows__what_other_choices_move_is_the_sum_of_its_parts(counted: CountedForecast) -> None:
    for row in counted.rows("sensitivity"):
        parts = dict(part.split("=") for part in (row["by_object"] or "").split(";") if part)
        assert row["outcomes_changed"] == sum(map(int, parts.values()))
        assert {int(count) % 5 for object_, count in parts.items() if object_ in ("contact", "lead")} <= {0}


def test_counts__groups_that_do_not_name_their_object_may_be_of_people(counted: CountedForecast) -> None:
    assert {row["count"] % 5 for row in counted.counts("changes", ["kind"])} == {0}
    links = {row["from_object"]: row["count"] for row in counted.counts("links", ["from_object", "to_object"])}
    assert links == {"contact": 5, "deal": 5, "invoice": 1}
    assert [row["count"] for row in counted.counts("near_names", ["reason"])] == [1]
    assert counted.count_groups("collisions", ["match_key"]) == 5
    assert counted.count_groups("outcomes", ["record_id"], where={"object": ("company",)}) == 6


@pytest.mark.parametrize("table", RECORDS)
def test_rows__of_records_are_refused(counted: CountedForecast, table: str) -> None:
    refusal = f"hides every record, and the table `{table}` holds records"
    with pytest.raises(UsageError, match=refusal):
        counted.rows(table)
    with pytest.raises(UsageError, match=refusal):
        counted.counts(table, RECORDS[table])


def test_counted_forecast__is_refused_where_records_are_shown(counted: CountedForecast) -> None:
    with pytest.raises(UsageError, match="hides every record, and what you asked for shows records"):
        kit.explain(counted, "1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("object_", "sentence", "shown"),
    [
        (
            "contact",
            "'4' (Net 60, 1 record) and 2 more values.",
            "'4' (Net 60, fewer than 5 records) and 2 more values.",
        ),
        ("lead", "Filled in 3 of 12 records.", "Filled in fewer than 5 of 12 records."),
        ("contact", "Of 1 more record the label is not there.", "Of fewer than 5 more records the label is not there."),
        ("contact", "In 14 records, 1.2 records, 1,203 records.", "In 14 records, 1.2 records, 1,203 records."),
        ("company", "In 3 records.", "In 3 records."),
        ("contact", None, None),
    ],
)
def test_hide_few__in_sentences_about_people(object_: str, sentence: str | None, shown: str | None) -> None:
    assert hide_few(object_, sentence) == shown
