"""The six figures, and every other number the report's sentences need.

Facts
    * Created in HubSpot are Dynamics records, created in Dynamics are HubSpot records.
    * A choice without a partner is skipped; it is not counted as overwritten.
    * A matched record changes when a value is written to it; of most pairs only one end does.
    * "Left out" counts records that lose their key; excluded and failing are counted apart.

Not modelled
    * Money: no price is known to the kit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dynsync_lib.core.model import PERSONS, ChangeKind, LinkStatus, Object, Outcome, Reason, Severity, System, Verdict
from dynsync_lib.core.tables import HELD_BACK
from dynsync_lib.listing import counted, one_or_many
from dynsync_lib.report.forecast_tables import (
    ForecastTables,
    Row,
    count_outcomes,
    is_compared,
    is_held_back,
    say_uncompared,
    sum_counts,
    sum_where,
    undelivered_tables,
)
from dynsync_lib.report.words import OUTCOMES, list_tables, system_word

_KEYS_CHECK: Final = "G61"
_LIST_CHECKS: Final = ("G60", _KEYS_CHECK, "G64", "G67")
"""Mapped columns, keys and associations that were not delivered, and associations whose name nobody has."""
_RECORDS: Final[Mapping[System, Sequence[Sequence[str]]]] = {
    System.HUBSPOT: [PERSONS, (Object.COMPANY,), (Object.DEAL,), (Object.INVOICE,)],
    System.DYNAMICS: [(object_,) for object_ in Object],
}
"""Objects whose records are the same ones: leads are contacts in HubSpot."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `label` names it in a few words, `sentence` says what it means and whether to worry.

    `short` is what it is made of, in a few words; empty where it is nothing.
    """

    key: str
    label: str
    value: int
    sentence: str
    tone: str = "plain"
    short: str = ""


@dataclass(frozen=True, slots=True)
class SixFigures:
    """The six numbers of the first page, and in sentences what they rest on that was not checked."""

    figures: tuple[Figure, ...]
    not_checked: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, int]:
        """The values by key."""
        return {figure.key: figure.value for figure in self.figures}

    def _repr_html_(self) -> str:
        from dynsync_lib.report.pieces import Piece, render  # whoever prints the figures waits for no templates

        return Piece(render("figures", figures=self.figures, not_checked=self.not_checked), repr(self))._repr_html_()

    def __repr__(self) -> str:
        return "; ".join([*(f"{figure.label}: {figure.value:,}" for figure in self.figures), *self.not_checked])


def six_figures(forecast: ForecastTables) -> SixFigures:
    """Six counts: created in HubSpot, created in Dynamics, matched and changed, overwritten values, left out, failing.

    >>> kit.six_figures(kit.open_forecast("out/demo/forecast"))
    records created in HubSpot: 1,172; records created in Dynamics: 436; matched records that change: 530; ...
    """
    numbers = count_numbers(forecast)
    figures = (*_safe_figures(numbers), *_worrying_figures(numbers))
    shorts = _say_parts(count_outcomes(forecast), numbers)
    return SixFigures(
        tuple(replace(figure, short=shorts[figure.key]) for figure in figures), tuple(_say_not_checked(forecast))
    )


_KINDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("person", "people"): PERSONS,
    ("company", "companies"): (Object.COMPANY,),
    ("deal", "deals"): (Object.DEAL,),
    ("invoice", "invoices"): (Object.INVOICE,),
}
"""Objects by how one and several of them are called."""


def _say_parts(rows: Sequence[Row], numbers: Mapping[str, int]) -> dict[str, str]:
    """What each of the six figures is made of: kinds of records, or systems."""
    into_hubspot = {"system": System.DYNAMICS, "outcome": Outcome.CREATE}
    into_dynamics = {"system": System.HUBSPOT, "outcome": Outcome.CREATE}
    return {
        "created_in_hubspot": _say_kinds(rows, **into_hubspot),
        "created_in_dynamics": _say_kinds(rows, **into_dynamics),
        "updated": _say_systems(numbers, "written"),
        "fields_overwritten": _say_systems(numbers, "overwritten"),
        "shadowed": _say_kinds(rows, outcome=Outcome.SHADOWED),
        "failing": _say_kinds(rows, outcome=Outcome.FAILING),
    }


def _say_systems(numbers: Mapping[str, int], what: str) -> str:
    counts = {system: numbers[f"{what}_in_{system}"] for system in System}
    return ", ".join(f"{count:,} in {system_word(system)}" for system, count in counts.items() if count)


def _say_kinds(rows: Sequence[Row], **where: str) -> str:
    counts = {kind: sum_where(rows, object=objects, **where) for kind, objects in _KINDS.items()}
    return ", ".join(counted(count, *kind) for kind, count in counts.items() if count)


def _say_not_checked(forecast: ForecastTables, checks: Collection[str] = (_KEYS_CHECK,)) -> Iterator[str]:
    """What numbers rest on and nobody checked: tables that are missing, and the audit rules that could not be asked.

    All six figures rest on the columns that match records.
    """
    missing = say_undelivered(forecast)
    if missing is not None:
        yield missing
    yield from (forecast.info.get("bindings") or {}).get("notes", ())
    for finding in forecast.rows("findings", where={"severity": Severity.NOT_CHECKED}):
        if finding["check_id"] in checks:
            yield f"Not checked: {finding['sentence']}"


def say_unchecked(forecast: ForecastTables, also: Collection[str] = ()) -> tuple[str, ...]:
    """What a list of the forecast's records rests on and nobody checked, in sentences; none where all was checked.

    That there are no records at all, or none of a sync that is switched on, is one of them: then an empty list says
    nothing. `also` are audit rules on which the list rests beside columns and associations.
    """
    return (*_say_nothing(forecast), *_say_not_checked(forecast, (*_LIST_CHECKS, *also)))


def _say_nothing(forecast: ForecastTables) -> Iterator[str]:
    rows = count_outcomes(forecast)
    if not rows:
        yield "Not checked: the forecast has no records."
    elif all(row["reason"] == Reason.OBJECT_OFF for row in rows):
        yield "Not checked: no record belongs to a sync that is switched on, so nothing was decided."


def say_undelivered(forecast: ForecastTables) -> str | None:
    """Which tables of objects that are on a side did not deliver, and what that means; None when all are there."""
    names = undelivered_tables(forecast)
    if not names:
        return None
    return (
        f"Not checked: {list_tables(names)} were not delivered. Their share of these figures is missing, and whatever "
        "has its counterpart among them counts as created."
    )


def _safe_figures(numbers: Mapping[str, int]) -> tuple[Figure, ...]:
    return (
        Figure(
            "created_in_hubspot",
            one_or_many(numbers["created_in_hubspot"], "record created in HubSpot", "records created in HubSpot"),
            numbers["created_in_hubspot"],
            "Dynamics records without a counterpart. Creating them cannot be undone in one step.",
        ),
        Figure(
            "created_in_dynamics",
            one_or_many(numbers["created_in_dynamics"], "record created in Dynamics", "records created in Dynamics"),
            numbers["created_in_dynamics"],
            "HubSpot records without a counterpart that pass the filters.",
        ),
        Figure(
            "updated",
            one_or_many(numbers["updated"], "matched record that changes", "matched records that change"),
            numbers["updated"],
            say_written(numbers),
        ),
    )


def say_written(numbers: Mapping[str, int]) -> str:
    """In which systems matched records are written, in how many pairs, and whose ends `outcomes` counts."""
    pairs = counted(numbers["changed_pairs"], "pair", "pairs")
    updated_ends = counted(numbers["updated_ends"], "record", "records")
    return (
        f"{numbers['written_in_hubspot']:,} in HubSpot and {numbers['written_in_dynamics']:,} in Dynamics, in {pairs}. "
        f"The outcome “{OUTCOMES[Outcome.UPDATE]}” counts both ends of the pairs, {updated_ends}."
        f"{say_uncompared(numbers['mappings_uncompared'], numbers['mappings'])}"
    )


def _say_overwritten(numbers: Mapping[str, int]) -> str:
    written = counted(numbers["written"], "that is", "that are")
    return (
        f"Existing values replaced by the other system’s, of {written} written; {numbers['stale']:,} of them by an "
        f"older record.{say_uncompared(numbers['mappings_uncompared'], numbers['mappings'])}"
    )


def _worrying_figures(numbers: Mapping[str, int]) -> tuple[Figure, ...]:
    return (
        Figure(
            "fields_overwritten",
            one_or_many(numbers["overwritten"], "field value overwritten", "field values overwritten"),
            numbers["overwritten"],
            _say_overwritten(numbers),
            "warn" if numbers["overwritten"] else "plain",
        ),
        Figure(
            "shadowed",
            one_or_many(numbers["shadowed"], "record silently left out", "records silently left out"),
            numbers["shadowed"],
            "They share an e-mail address or name with an earlier record, and never sync.",
            "warn" if numbers["shadowed"] else "plain",
        ),
        Figure(
            "failing",
            one_or_many(numbers["failing"], "record that will fail", "records that will fail"),
            numbers["failing"],
            "The other system refuses them. Excluded records are counted apart.",
            "bad" if numbers["failing"] else "plain",
        ),
    )


def count_numbers(forecast: ForecastTables) -> dict[str, int]:
    """Every number that a sentence of the report may name, by key."""
    rows = count_outcomes(forecast)
    return {
        **_count_outcome_numbers(rows),
        **_count_reason_numbers(rows),
        **_count_change_numbers(forecast.counts("changes", ["kind", "target_system", "note"])),
        **_count_written(forecast),
        **_count_link_numbers(forecast.counts("links", ["status", "rule_id"])),
        **_count_advice_numbers(forecast),
    }


def _count_outcome_numbers(rows: Sequence[Row]) -> dict[str, int]:
    into_hubspot = {"system": System.DYNAMICS, "outcome": Outcome.CREATE}
    into_dynamics = {"system": System.HUBSPOT, "outcome": Outcome.CREATE}
    return {
        "records": sum_where(rows),
        "created_in_hubspot": sum_where(rows, **into_hubspot),
        "created_in_dynamics": sum_where(rows, **into_dynamics),
        "people_created_in_hubspot": sum_where(rows, object=PERSONS, **into_hubspot),
        "companies_created_in_hubspot": sum_where(rows, object=Object.COMPANY, **into_hubspot),
        "companies_created_in_dynamics": sum_where(rows, object=Object.COMPANY, **into_dynamics),
        "updated_ends": sum_where(rows, outcome=Outcome.UPDATE),
        "matched_companies": sum_where(
            rows, system=System.DYNAMICS, object=Object.COMPANY, outcome=(Outcome.UPDATE, Outcome.LINK)
        ),
        "matched_contacts": sum_where(
            rows, system=System.DYNAMICS, object=Object.CONTACT, outcome=(Outcome.UPDATE, Outcome.LINK)
        ),
        "shadowed": sum_where(rows, outcome=Outcome.SHADOWED),
        "excluded": sum_where(rows, outcome=Outcome.EXCLUDED),
        "failing": sum_where(rows, outcome=Outcome.FAILING),
        "leads": sum_where(rows, object=Object.LEAD),
        "leads_in_sync": sum_where(rows, object=Object.LEAD, outcome=(Outcome.CREATE, Outcome.UPDATE, Outcome.LINK)),
        "invoices": sum_where(rows, object=Object.INVOICE, outcome=Outcome.CREATE),
    }


def _count_reason_numbers(rows: Sequence[Row]) -> dict[str, int]:
    return {
        "filtered": sum_where(rows, reason=Reason.FILTER),
        "no_email": sum_where(rows, reason=Reason.NO_EMAIL),
        "invalid_email": sum_where(rows, reason=Reason.INVALID_EMAIL),
        "stage_unmapped": sum_where(rows, reason=Reason.STAGE_UNMAPPED),
    }


def _count_change_numbers(changes: Sequence[Row]) -> dict[str, int]:
    written = [row for row in changes if not is_held_back(row)]
    overwritten = [row for row in written if row["kind"] == ChangeKind.OVERWRITE]
    return {
        "written": sum_counts(written),
        "overwritten": sum_counts(overwritten),
        "overwritten_in_hubspot": sum_where(overwritten, target_system=System.HUBSPOT),
        "overwritten_in_dynamics": sum_where(overwritten, target_system=System.DYNAMICS),
        "stale": sum_where(overwritten, note="stale_winner"),
        "skipped": sum_counts(changes) - sum_counts(written),
        "stages_ignored": sum_where(changes, note="lifecycle_ignored"),
        "owners_unresolved": sum_where(changes, note="owner_unresolved"),
    }


def _count_written(forecast: ForecastTables) -> dict[str, int]:
    """Matched records that a value is written to, by system, and their pairs; a record in two pairs is one record."""
    landing: dict[str, Any] = {"without": {"note": HELD_BACK}}
    in_system = {
        system: sum(
            forecast.count_groups(
                "changes", [f"{system}_id"], where={"target_system": (system.value,), "object": objects}, **landing
            )
            for objects in _RECORDS[system]
        )
        for system in System
    }
    return {
        "updated": sum(in_system.values()),
        "written_in_hubspot": in_system[System.HUBSPOT],
        "written_in_dynamics": in_system[System.DYNAMICS],
        "changed_pairs": forecast.count_groups("changes", ["object", "hubspot_id", "dynamics_id"], **landing),
    }


def _count_link_numbers(links: Sequence[Row]) -> dict[str, int]:
    return {
        "links": sum_counts(links),
        "links_synced": sum_where(links, status=LinkStatus.SYNCED),
        "links_non_primary": sum_where(links, rule_id="link.primary-only"),
        "links_primary_differs": sum_where(links, rule_id="link.primary-disagreement"),
        "links_manual": sum_where(links, status=LinkStatus.MANUAL),
        "links_lost": sum_where(links, status=(LinkStatus.TARGET_NOT_SYNCED, LinkStatus.PARENT_IS_CONTACT)),
    }


def _count_advice_numbers(forecast: ForecastTables) -> dict[str, int]:
    mapping = forecast.rows("mapping")
    consent = forecast.rows("findings", where={"check_id": "G42", "severity": Severity.BLOCKER})
    return {
        "consent_conflicts": sum(row["count"] or 0 for row in consent),
        "collision_groups": forecast.count_groups("collisions", ["system", "object", "match_key"]),
        "near_names": sum_counts(forecast.counts("near_names", ["reason"])),
        "mappings": len(mapping),
        "mappings_uncompared": sum(not is_compared(row) for row in mapping),
        "mappings_blocked": sum(1 for row in mapping if row["verdict"] == Verdict.BLOCKED),
        "lookups_blocked": sum(1 for row in mapping if row["rule_id"] == "field.lookup-blocked"),
    }
