"""The six figures, and every other number the report's sentences need.

Facts
    * Created in HubSpot are Dynamics records, created in Dynamics are HubSpot records.
    * A choice without a partner is skipped; it is not counted as overwritten.
    * "Left out" counts records that lose their key; excluded and failing are counted apart.

Not modelled
    * Money: no price is known to the kit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dynsync_lib.core.model import ChangeKind, LinkStatus, Object, Outcome, Reason, System, Verdict
from dynsync_lib.report.frames import ForecastFrames, Row, count_outcomes, read_table, sum_outcomes, written_changes
from dynsync_lib.report.pieces import Piece, render


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `label` names it in a few words, `sentence` says what it means and whether to worry."""

    key: str
    label: str
    value: int
    sentence: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class SixFigures:
    """The six numbers of the first page."""

    figures: tuple[Figure, ...]

    def as_dict(self) -> dict[str, int]:
        """The values by key."""
        return {figure.key: figure.value for figure in self.figures}

    def _repr_html_(self) -> str:
        return Piece(render("figures", figures=self.figures), repr(self))._repr_html_()

    def __repr__(self) -> str:
        return "; ".join(f"{figure.label}: {figure.value:,}" for figure in self.figures)


def six_figures(forecast: ForecastFrames) -> SixFigures:
    """Created in HubSpot, created in Dynamics, matched and changed, values overwritten, left out, failing."""
    told = count_numbers(forecast)
    return SixFigures((*_safe_figures(told), *_worrying_figures(told)))


def _safe_figures(told: Mapping[str, int]) -> tuple[Figure, ...]:
    return (
        Figure(
            "created_in_hubspot",
            "records created in HubSpot",
            told["created_in_hubspot"],
            "Dynamics records without a counterpart. Creating them cannot be undone in one step.",
        ),
        Figure(
            "created_in_dynamics",
            "records created in Dynamics",
            told["created_in_dynamics"],
            "HubSpot records without a counterpart that pass the filters.",
        ),
        Figure(
            "updated",
            "matched records that change",
            told["updated"],
            "Records of both systems that belong to a pair in which at least one field is written.",
        ),
    )


def _worrying_figures(told: Mapping[str, int]) -> tuple[Figure, ...]:
    return (
        Figure(
            "fields_overwritten",
            "field values overwritten",
            told["overwritten"],
            f"Existing values replaced by the other system’s; {told['stale']:,} of them by an older record.",
            "warn" if told["overwritten"] else "plain",
        ),
        Figure(
            "shadowed",
            "records silently left out",
            told["shadowed"],
            "They share an e-mail address or name with an earlier record, and never sync.",
            "warn" if told["shadowed"] else "plain",
        ),
        Figure(
            "failing",
            "records that will fail",
            told["failing"],
            "The other system refuses them. Excluded records are counted apart.",
            "bad" if told["failing"] else "plain",
        ),
    )


def count_numbers(forecast: ForecastFrames) -> dict[str, int]:
    """Every number that a sentence of the report may name, by key."""
    rows = count_outcomes(forecast)
    return {
        **_count_outcome_numbers(rows),
        **_count_reason_numbers(rows),
        **_count_change_numbers(forecast),
        **_count_link_numbers(read_table(forecast, "links")),
        **_count_advice_numbers(forecast),
    }


def _count_outcome_numbers(rows: Sequence[Row]) -> dict[str, int]:
    into_hubspot = {"system": System.DYNAMICS, "outcome": Outcome.CREATE}
    into_dynamics = {"system": System.HUBSPOT, "outcome": Outcome.CREATE}
    people = (Object.CONTACT, Object.LEAD)
    return {
        "records": sum_outcomes(rows),
        "created_in_hubspot": sum_outcomes(rows, **into_hubspot),
        "created_in_dynamics": sum_outcomes(rows, **into_dynamics),
        "people_created_in_hubspot": sum_outcomes(rows, object=people, **into_hubspot),
        "companies_created_in_hubspot": sum_outcomes(rows, object=Object.COMPANY, **into_hubspot),
        "companies_created_in_dynamics": sum_outcomes(rows, object=Object.COMPANY, **into_dynamics),
        "updated": sum_outcomes(rows, outcome=Outcome.UPDATE),
        "matched_companies": sum_outcomes(
            rows, system=System.DYNAMICS, object=Object.COMPANY, outcome=(Outcome.UPDATE, Outcome.LINK)
        ),
        "matched_contacts": sum_outcomes(
            rows, system=System.DYNAMICS, object=Object.CONTACT, outcome=(Outcome.UPDATE, Outcome.LINK)
        ),
        "shadowed": sum_outcomes(rows, outcome=Outcome.SHADOWED),
        "excluded": sum_outcomes(rows, outcome=Outcome.EXCLUDED),
        "failing": sum_outcomes(rows, outcome=Outcome.FAILING),
        "leads": sum_outcomes(rows, object=Object.LEAD),
        "leads_in_sync": sum_outcomes(rows, object=Object.LEAD, outcome=(Outcome.CREATE, Outcome.UPDATE, Outcome.LINK)),
        "invoices": sum_outcomes(rows, object=Object.INVOICE, outcome=Outcome.CREATE),
    }


def _count_reason_numbers(rows: Sequence[Row]) -> dict[str, int]:
    return {
        "filtered": sum_outcomes(rows, reason=Reason.FILTER),
        "no_email": sum_outcomes(rows, reason=Reason.NO_EMAIL),
        "invalid_email": sum_outcomes(rows, reason=Reason.INVALID_EMAIL),
        "stage_unmapped": sum_outcomes(rows, reason=Reason.STAGE_UNMAPPED),
    }


def _count_change_numbers(forecast: ForecastFrames) -> dict[str, int]:
    changes, told = written_changes(forecast), read_table(forecast, "changes")
    overwritten = changes[changes["kind"] == ChangeKind.OVERWRITE]
    return {
        "written": len(changes),
        "overwritten": len(overwritten),
        "overwritten_in_hubspot": int((overwritten["target_system"] == System.HUBSPOT).sum()),
        "overwritten_in_dynamics": int((overwritten["target_system"] == System.DYNAMICS).sum()),
        "stale": int((overwritten["note"] == "stale_winner").sum()),
        "skipped": len(told) - len(changes),
        "stages_ignored": int((told["note"] == "lifecycle_ignored").sum()),
        "owners_unresolved": int((told["note"] == "owner_unresolved").sum()),
    }


def _count_link_numbers(links: pd.DataFrame) -> dict[str, int]:
    counts = {str(status): int(count) for status, count in links["status"].value_counts().items()}
    return {
        "links": len(links),
        "links_synced": counts.get(LinkStatus.SYNCED, 0),
        "links_non_primary": counts.get(LinkStatus.DROPPED_NON_PRIMARY, 0),
        "links_manual": counts.get(LinkStatus.MANUAL, 0),
        "links_lost": counts.get(LinkStatus.TARGET_NOT_SYNCED, 0) + counts.get(LinkStatus.PARENT_IS_CONTACT, 0),
    }


def _count_advice_numbers(forecast: ForecastFrames) -> dict[str, int]:
    collisions = read_table(forecast, "collisions")
    mapping = read_table(forecast, "mapping")
    findings = read_table(forecast, "findings")
    consent = findings[(findings["check_id"] == "G42") & (findings["severity"] == "blocker")]
    return {
        "consent_conflicts": int(consent["count"].fillna(0).sum()),
        "collision_groups": len(collisions[["system", "object", "match_key"]].drop_duplicates()),
        "near_names": len(read_table(forecast, "near_names")),
        "mappings": len(mapping),
        "mappings_blocked": int((mapping["verdict"] == Verdict.BLOCKED).sum()),
        "lookups_blocked": int((mapping["rule_id"] == "field.lookup-blocked").sum()),
    }
