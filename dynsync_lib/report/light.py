"""The traffic light: go, go with conditions, or no-go, and why.

Facts
    * Red: a blocker finding (a marketing tier that would be crossed is one), or a consent conflict.
    * Amber: a high finding that concerns more than 1 % of its records, an open question that moves more than 5 % of all
      records, or anything that could not be checked. What is not checked is grey, and never a pass.
    * Green: none of these.
    * Grey: there is nothing to judge, as no record belongs to a sync that is on, or a system delivered none of those
      that do. What is red without them is red.

Not modelled
    * Whether somebody has signed a tier crossing: it stays red here until the settings change.

Source: product research section 4, "Traffic lights".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dynsync_lib.core.model import Reason, Severity
from dynsync_lib.listing import counted
from dynsync_lib.report.figures import count_numbers, say_undelivered
from dynsync_lib.report.forecast_tables import (
    ForecastTables,
    Row,
    count_outcomes,
    most_moved,
    not_checked_sides,
    undelivered_sides,
)
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.tables import Share
from dynsync_lib.report.wholes import finding_share
from dynsync_lib.report.words import format_share, system_word

Level = Literal["go", "go_with_conditions", "no_go", "not_assessed"]
Tone = Literal["bad", "warn", "grey"]
_CONSENT_CHECK: Final = "G42"
_VERDICTS: Final[Mapping[Level, tuple[str, str]]] = {
    "go": ("Go", "Nothing found speaks against switching the sync on."),
    "go_with_conditions": ("Go, with conditions", "Nothing blocks the sync; settle its conditions first."),
    "no_go": ("No-go", "Do not switch the sync on before its blockers are settled."),
    "not_assessed": ("Not assessed", "The forecast holds no records, so there is nothing to judge."),
}
_ALL_OFF: Final = "No record belongs to a sync that is switched on, so nothing was decided."
_NOTHING_SEEN: Final = "Nothing that was checked blocks the sync; settle its conditions first, the unchecked ones too."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a finding or an open question turns the light amber: shares from 0 to 1."""

    high_share: float = 0.01
    swing_share: float = 0.05


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for the light. `fix` says what to do, `threshold` what it was held against; both may be empty.

    `check_id`, `object` and `count` are those of the finding, empty and 0 for what is none.
    """

    tone: Tone
    sentence: str
    fix: str = ""
    threshold: str = ""
    check_id: str = ""
    object: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """The verdict and its grounds, worst first. `unjudged` says why nothing could be judged although there are
    records; else it is empty.
    """

    level: Level
    grounds: tuple[Ground, ...]
    unjudged: str = ""

    @property
    def word(self) -> str:
        """Such as "Go, with conditions"."""
        return _VERDICTS[self.level][0]

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self.level == "go_with_conditions" and self.of_tone("grey"):
            return _NOTHING_SEEN
        return self.unjudged or _VERDICTS[self.level][1]

    def of_tone(self, tone: Tone) -> tuple[Ground, ...]:
        """The grounds of one tone."""
        return tuple(ground for ground in self.grounds if ground.tone == tone)

    def _repr_html_(self) -> str:
        return Piece(render("light", light=self), self.sentence)._repr_html_()

    def __repr__(self) -> str:
        return f"{self.word}. {self.sentence}"


def traffic_light(forecast: ForecastTables, *, thresholds: Thresholds | None = None) -> TrafficLight:
    """The light of a forecast under the thresholds, shares from 0 to 1; None takes 1 % and 5 %.

    >>> kit.traffic_light(kit.open_forecast("out/demo/forecast"))
    No-go. Do not switch the sync on before its blockers are settled.
    """
    numbers = count_numbers(forecast)
    if not numbers["records"]:
        return TrafficLight("not_assessed", ())
    limits = thresholds or Thresholds()
    findings = forecast.rows("findings")
    grounds = (
        *_blockers(findings),
        *_high_findings(forecast, findings, numbers["records"], limits),
        *_swings(forecast, numbers["records"], limits),
        *_unchecked(forecast, findings),
    )
    worst_first = sorted(grounds, key=lambda ground: ("bad", "warn", "grey").index(ground.tone))
    level, unjudged = _judge(worst_first), _say_unjudged(forecast)
    if unjudged and level != "no_go":
        return TrafficLight("not_assessed", tuple(worst_first), unjudged)
    return TrafficLight(level, tuple(worst_first))


def _judge(grounds: list[Ground]) -> Level:
    if any(ground.tone == "bad" for ground in grounds):
        return "no_go"
    return "go_with_conditions" if grounds else "go"


def _say_unjudged(forecast: ForecastTables) -> str:
    """Why nothing can be judged although there are records; empty where something can."""
    if all(row["reason"] == Reason.OBJECT_OFF for row in count_outcomes(forecast) if row["count"]):
        return _ALL_OFF
    missing = undelivered_sides(forecast)
    if not missing:
        return ""
    return f"No record of {system_word(missing[0])} was delivered, so who matches was not decided."


def _blockers(findings: Sequence[Row]) -> Iterator[Ground]:
    for row in findings:
        is_consent = row["check_id"] == _CONSENT_CHECK
        if row["count"] and (row["severity"] == Severity.BLOCKER or is_consent):
            limit = "a consent conflict" if is_consent else "a blocker"
            yield _ground("bad", row, f"red when {limit} concerns anything at all")


def _ground(tone: Tone, row: Row, threshold: str = "") -> Ground:
    """A finding as a ground for the light."""
    return Ground(
        tone,
        str(row["sentence"]),
        str(row["fix"] or ""),
        threshold,
        check_id=row["check_id"],
        object=row["object"] or "",
        count=int(row["count"] or 0),
    )


_DELIVER: Final = "Export these tables, too, even where they are empty, or switch their sync off in the settings."


def _high_findings(
    forecast: ForecastTables, findings: Sequence[Row], records: int, thresholds: Thresholds
) -> Iterator[Ground]:
    for row in findings:
        if row["severity"] != Severity.HIGH or not row["count"] or row["check_id"] == _CONSENT_CHECK:
            continue
        share = finding_share(forecast, row) or Share(row["count"] / records, "all records")
        if share.share > thresholds.high_share:
            limit = f"{share}; amber above {format_share(thresholds.high_share)}"
            yield _ground("warn", row, limit)


def _swings(forecast: ForecastTables, records: int, thresholds: Thresholds) -> Iterator[Ground]:
    questions: Mapping[str, str] = forecast.info.get("questions") or {}
    for assumption, moved in sorted(most_moved(forecast).items()):
        if moved / records > thresholds.swing_share:
            yield Ground(
                "warn",
                f"One open question decides the outcome of {counted(moved, 'record', 'records')}: "
                f"{questions.get(assumption, f'{assumption}.')}",
                "Settle it in a test portal before go-live.",
                f"{Share(moved / records, 'all records')}; amber above {format_share(thresholds.swing_share)}",
            )


def _unchecked(forecast: ForecastTables, findings: Sequence[Row]) -> Iterator[Ground]:
    missing = say_undelivered(forecast)
    if missing is not None:
        yield Ground("grey", missing.removeprefix("Not checked: "), _DELIVER)
    for row in findings:
        if row["severity"] == Severity.NOT_CHECKED:
            yield _ground("grey", row)
    for system in not_checked_sides(forecast):
        yield Ground(
            "grey",
            f"The fields of {system_word(system)} were not delivered; the standard fields stand in for them.",
            "Deliver the list of fields, or pull over the API.",
        )
