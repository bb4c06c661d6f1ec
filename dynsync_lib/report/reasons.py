"""The reasons for the light in the words of the person who signs, the weightiest first.

Facts
    * Entries of `reasons.toml` say what findings mean outside the two systems; what none of them names is told in the
      words of its finding. Nothing is left out: what does not fit on the first page is counted there.

Source: `report/reasons.toml`; product research section 3, questions of stakeholders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from dynsync_lib.core.model import Severity
from dynsync_lib.report.forecast_tables import ForecastTables
from dynsync_lib.report.light import Ground, Tone, TrafficLight
from dynsync_lib.report.shipped_texts import read_shipped


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason on the first page. `decision` is the id of the decision that settles it, empty when none does."""

    tone: Tone
    sentence: str
    means: str
    decision: str = ""


@dataclass(frozen=True, slots=True)
class PlainWords:
    """One entry of `reasons.toml`. An empty `object` means all of them."""

    checks: tuple[str, ...]
    says: str
    single: str
    means: str
    decision: str
    object: str = ""

    def is_about(self, check_id: str, object_: str | None, count: int | None) -> bool:
        """Whether the entry says what a finding, or a ground for the light, means."""
        return check_id in self.checks and self.object in {"", object_} and bool(count)

    def tell(self, count: int) -> str:
        """The sentence with its number."""
        return self.single if count == 1 else self.says.format(count=f"{count:,}")


@cache
def read_plain_words() -> tuple[PlainWords, ...]:
    """The shipped entries, the weightiest first."""
    return tuple(
        PlainWords(**{**entry, "checks": tuple(entry["checks"])}) for entry in read_shipped("reasons.toml")["reason"]
    )


def plain_reasons(forecast: ForecastTables, light: TrafficLight) -> list[Reason]:
    """The reasons of a light: those with plain words in their order, then the others as the light has them."""
    findings = [row for row in forecast.rows("findings") if row["severity"] in (Severity.BLOCKER, Severity.HIGH)]
    known: set[Ground] = set()
    reasons = []
    for words in read_plain_words():
        grounds = [ground for ground in light.grounds if words.is_about(ground.check_id, ground.object, ground.count)]
        if grounds:
            count = sum(
                row["count"] for row in findings if words.is_about(row["check_id"], row["object"], row["count"])
            )
            reasons.append(Reason(grounds[0].tone, words.tell(count), words.means, words.decision))
            known.update(grounds)
    others = [Reason(ground.tone, ground.sentence, ground.fix) for ground in light.grounds if ground not in known]
    return [*reasons, *others]
