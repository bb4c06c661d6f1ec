"""Counts that may be handed on: those of few people are told as that alone.

Facts
    * What is small, and of whom, `core.masking` decides. A share beside a small count is left out, which would tell it.
    * A page cannot do without numbers: there few people are told as five in numbers, and as fewer than five in words.

Where it is used: `kit`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynsync_lib.core.masking import FEWER, SMALL_COUNT, Masking, is_small, may_be_people, round_to_fives
from dynsync_lib.core.record_rows import RECORD_KEY
from dynsync_lib.forecasts.counted_forecast import CountedForecast, hide_few
from dynsync_lib.forecasts.forecast_folder import Forecast, read_masking
from dynsync_lib.kit.opened import AnyForecast, opened_forecast
from dynsync_lib.kit.rulebooks import rulebook

if TYPE_CHECKING:
    from dynsync_lib.core.rulebook import Check
    from dynsync_lib.forecasts.finding_records import FindingRecords
    from dynsync_lib.report.uncovered import Uncovered


def shown_forecast(forecast: AnyForecast, masking: str = Masking.PSEUDONYM) -> Forecast | CountedForecast:
    """The forecast as a page shows it at a level of masking: none, partial, pseudonym or counts.

    At `counts` it has numbers alone: no record, and numbers of people rounded to fives. Charts and tables of the
    report take it, and leave out what shows records.

    Raises UsageError when there is no such level, and when the forecast is masked otherwise already.

    >>> kit.totals_chart(kit.shown_forecast("out/demo/forecast", "counts"))
    HubSpot: companies from 260 to 438, contacts from 1,200 to 1,945, ...
    """
    opened, level = opened_forecast(forecast), read_masking(masking)
    return CountedForecast(opened, _tell_on_page) if level is Masking.COUNTS else opened.masked(level)


def say_unchecked_at(masking: Masking, forecast: Forecast, also: Collection[str] = ()) -> tuple[str, ...]:
    """What a list of the forecast's records rests on and nobody checked, in sentences as they may be told at a level.

    `also` are audit rules on which the list rests beside columns and associations.
    """
    from dynsync_lib.report.figures import say_unchecked

    return say_unchecked(shown_forecast(forecast, masking) if masking is Masking.COUNTS else forecast, also)


def _tell_on_page(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `findings` with a number that charts can draw: few people are five, and so is their share."""
    shown = suppress_small(finding)
    if shown["count"] == finding["count"]:
        return shown
    share = finding["share"]
    five = None if share is None else min(1.0, math.ceil(100 * share * SMALL_COUNT / finding["count"]) / 100)
    return {**shown, "count": SMALL_COUNT, "share": five}


def suppress_small(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table `findings` as it may be handed on: of fewer than five people it says only that they are fewer.

    Its count and share are then None, and its sentence says `fewer than 5`, also of parts of a larger number. Findings
    about mappings, and those out of an administrator's answer, are of nobody and stay as they are.

    >>> finding = {"check_id": "G02", "object": "contact", "system": "dynamics", "count": 3, "share": 0.1}
    >>> shown = kit.suppress_small({**finding, "rule_id": "contact.first-per-email", "sentence": "3 contacts ..."})
    >>> shown["count"], shown["sentence"]
    (None, 'Fewer than 5 records are behind G02.')
    """
    check, start = _check_of(finding)
    if check is not None and (check.of == "mapping" or check.answer is not None):
        return dict(finding)  # of mappings, or of what an administrator said: nobody is behind it
    rest = hide_few(finding["object"], finding["sentence"].removeprefix(start))
    if not is_small(finding["object"], finding["count"]):
        return {**finding, "sentence": f"{start}{rest}"}
    if check is None:
        sentence = f"{_capital(FEWER)} records are behind {finding['check_id']}."
    else:
        sentence = f"{_capital(_start_of(check.sentence, FEWER))}{rest}"
    return {**finding, "count": None, "share": None, "sentence": sentence}


def _check_of(finding: Mapping[str, Any]) -> tuple[Check | None, str]:
    """The audit rule that a finding comes from, and how its sentence begins; None and nothing where it is not known."""
    for check in rulebook().checks if finding["count"] is not None else ():
        sentence = check.one if finding["count"] == 1 and check.one else check.sentence
        start = _start_of(sentence, f"{finding['count']:,}")
        if check.id == finding["check_id"] and finding["sentence"].startswith(start):
            return check, start
    return None, ""


def _start_of(sentence: str, count: str) -> str:
    """A sentence with its count, up to where it names fields or records."""
    return sentence.partition("{names}")[0].replace("{count}", count)


def suppress_small_uncovered(uncovered: Uncovered) -> Uncovered:
    """The records that no sync covers, as they may be handed on: a kind with few people is told in a sentence."""
    from dynsync_lib.report.words import records_word

    large = tuple(row for row in uncovered.objects if not is_small(row["object"], row["records"]))
    small = (records_word(row["object"], row["system"]) for row in uncovered.objects if row not in large)
    sentences = (f"No sync covers {FEWER} {words}: their sync is off." for words in small)
    return replace(uncovered, objects=large, tables=(*sentences, *uncovered.tables))


def counts_behind(behind: FindingRecords) -> list[dict[str, Any]]:
    """How many records of each kind are behind a finding: system, object, count, as text; few people are `fewer`.

    A record counts once, however many rows it has. A row of no record, such as a mapping, counts as itself. Where kinds
    stand beside each other and one is of few people, numbers of people are rounded to fives.
    """
    kinds = _kinds_behind(behind)
    tell = _tell_rounded if _is_told_by_parts(kinds) else _tell_small
    return [
        {"system": system, "object": object_, "count": tell(object_, count)}
        for (system, object_), count in sorted(kinds.items(), key=str)
    ]


def findings_behind(behind: FindingRecords) -> list[dict[str, Any]]:
    """The findings as they may be told above `counts_behind`: rounded to fives where these would tell a small part."""
    tell = _round_finding if _is_told_by_parts(_kinds_behind(behind)) else suppress_small
    return [tell(row) for row in behind.findings]


def _round_finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding of several kinds of records with its number rounded, and without its share."""
    shown = suppress_small(finding)
    check, start = _check_of(finding)
    if shown["count"] is None or check is None or check.of == "mapping":
        return shown
    count = round_to_fives(shown["count"])
    rest = shown["sentence"].removeprefix(start)
    return {**shown, "count": count, "share": None, "sentence": f"{_start_of(check.sentence, f'{count:,}')}{rest}"}


def _is_told_by_parts(kinds: Mapping[tuple[str | None, str | None], int]) -> bool:
    """Whether a total less the other kinds would tell how many people a small kind is of."""
    return len(kinds) > 1 and any(is_small(object_, count) for (_, object_), count in kinds.items())


def _tell_small(object_: str | None, count: int) -> str:
    return FEWER if is_small(object_, count) else f"{count:,}"


def _tell_rounded(object_: str | None, count: int) -> str:
    return f"{round_to_fives(count) if may_be_people(object_) else count:,}"


def _kinds_behind(behind: FindingRecords) -> Counter[tuple[str | None, str | None]]:
    """How many records there are of each system and object."""
    rows = enumerate(zip(*(behind.columns[name] for name in RECORD_KEY), strict=True))
    records = {(system, object_, record_id or number) for number, (system, object_, record_id) in rows}
    return Counter((system, object_) for system, object_, _ in records)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
