"""The first page: the verdict, three reasons, six figures, the cost, the decisions, and how sure the forecast is.

Facts
    * It holds what somebody needs who reads nothing else, on one screen, one sheet, or two screens of a phone. What is
      left away is counted and said where it stands: settings, rules and shares belong to the parts behind.

Source: product research section 4, "One page".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dynsync_lib.listing import counted
from dynsync_lib.report.accuracy import ForecastTest, say_tested
from dynsync_lib.report.cover import say_origin, say_short_masking
from dynsync_lib.report.decisions import Decision, read_decisions
from dynsync_lib.report.figures import six_figures
from dynsync_lib.report.forecast_tables import ForecastTables, is_masked, say_uncompared_of
from dynsync_lib.report.light import Tone, traffic_light
from dynsync_lib.report.marketing import read_marketing
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.reasons import Reason, plain_reasons

_REASONS: Final = 3
_DECISIONS: Final = 3
_ALWAYS: Final = ("D1", "D2", "D16")
"""Decisions that every first sync asks for."""
_SHELF_LIFE: Final = (
    "Make it again when the data is older than 14 days, or when a record count has moved by more than 5 %."
)


def first_page(forecast: ForecastTables, tested: ForecastTest | None = None, *, client: str = "") -> Piece:
    """The first page. `tested` is how right the forecast was, None when nobody has tested it.

    >>> kit.first_page(kit.open_forecast("out/demo/forecast").masked(), client="Contoso")
    No-go. Do not switch the sync on before its blockers are settled. 154 people have opted out in one system ...
    """
    light = traffic_light(forecast)
    reasons = plain_reasons(forecast, light)
    decisions = _choose_decisions(reasons)
    six = six_figures(forecast)
    marketing = read_marketing(forecast)
    html = render(
        "first_page",
        client=client,
        origin=say_origin(forecast),
        masking=say_short_masking(forecast),
        is_masked=is_masked(forecast),
        light=light,
        reasons=reasons[:_REASONS],
        rest=_say_rest(reasons[_REASONS:]),
        six=six,
        unchecked=[*six.not_checked, *filter(None, [say_uncompared_of(forecast.rows("mapping")).strip()])],
        marketing=marketing,
        decisions=decisions,
        all_decisions=len(read_decisions()),
        tested=say_tested(tested),
        is_tested=tested is not None and tested.figures["accuracy"] is not None,
        shelf_life=_SHELF_LIFE,
    )
    return Piece(html, " ".join([repr(light), *(reason.sentence for reason in reasons[:_REASONS])]))


def _choose_decisions(reasons: Sequence[Reason]) -> list[Decision]:
    """The decisions that the first reasons ask for, then those that every sync needs."""
    known = {decision.id: decision for decision in read_decisions()}
    ids = dict.fromkeys([*(reason.decision for reason in reasons if reason.decision), *_ALWAYS])
    return [known[id_] for id_ in ids][:_DECISIONS]


_TONES: Final[Mapping[Tone, tuple[str, str]]] = {
    "bad": ("blocker", "blockers"),
    "warn": ("condition", "conditions"),
    "grey": ("open point", "open points"),
}


def _say_rest(reasons: Sequence[Reason]) -> str:
    """How many reasons are not on the page, such as "Behind them: 1 blocker, 14 conditions."; empty without any."""
    tones = Counter(reason.tone for reason in reasons)
    parts = list(_say_tones(tones))
    return f"And {', '.join(parts)} more, in the part for admins." if parts else ""


def _say_tones(tones: Counter[Tone]) -> Iterator[str]:
    for tone, (single, many) in _TONES.items():
        if tones[tone]:
            yield counted(tones[tone], single, many)
