"""A small forecast written out by hand, with every outcome, and ways to spoil it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from dynsync_lib.core.model import FORECAST_TABLES

INFO: Mapping[str, Any] = {
    "kit_version": "0.1.0",
    "rulebook_version": "abc123",
    "snapshot_sha256": "a" * 64,
    "settings_sha256": "b" * 64,
    "taken_at": "2026-11-23T08:05:00Z",
    "source": "emulator",
    "standard_schema": {"hubspot": False, "dynamics": False},
    "records": {"hubspot/contacts": 9, "dynamics/contacts": 12},
    "not_provided": [],
    "objects": {
        "contact": {
            "direction": "two_way",
            "conflict_winner": "dynamics",
            "filter_to_hubspot": "statecode = 0",
            "filter_to_dynamics": None,
        }
    },
    "assumptions": {"company_dup": "first_wins", "email_norm": "lower_trim"},
    "questions": {"company_dup": "What happens to further accounts or companies of one name?"},
    "marketing": {"contacts": 10, "tier": 1000, "sync_as_marketing": False},
    "masked": False,
}
SUMMARY = [
    ("dynamics", "company", "create", None, 5),
    ("dynamics", "company", "link", None, 2),
    ("dynamics", "contact", "create", None, 700),
    ("dynamics", "contact", "update", None, 200),
    ("dynamics", "contact", "shadowed", None, 9),
    ("dynamics", "contact", "excluded", "no_email", 20),
    ("dynamics", "contact", "failing", "invalid_email", 6),
    ("dynamics", "lead", "excluded", "object_off", 18),
    ("hubspot", "company", "link", None, 2),
    ("hubspot", "contact", "create", None, 30),
    ("hubspot", "contact", "update", None, 195),
    ("hubspot", "contact", "excluded", "filter", 46),
    ("hubspot", "contact", "failing", "too_long", 2),
]
CHANGES = [
    ("contact", "1", "a-1", "hubspot", "jobtitle", "jobtitle", "overwrite", "Clerk", "Head", "stale_winner"),
    ("contact", "2", "a-2", "hubspot", "jobtitle", "jobtitle", "overwrite", "Clerk", "Chef", None),
    ("contact", "2", "a-2", "hubspot", "phone", "telephone1", "fill", None, "+49 30 5550101", None),
    ("contact", "3", "a-3", "dynamics", "donotbulkemail", "no_bulk_mail", "overwrite", "false", "true", None),
    ("contact", "4", "a-4", "hubspot", "industry", "industrycode", "overwrite", "RETAIL", "6", "value_skipped"),
]
LINKS = [
    ("dynamics", "contact", "a-1", "company", "c-1", "synced", "link.both-synced"),
    ("dynamics", "contact", "a-2", "contact", "a-1", "parent_is_contact", "link.parent-is-contact"),
    ("dynamics", "invoice", "i-1", "company", "c-1", "manual", "link.invoice-company-manual"),
    ("hubspot", "contact", "1", "company", "7", "synced", "link.both-synced"),
    ("hubspot", "contact", "1", "company", "8", "dropped_non_primary", "link.primary-only"),
    ("hubspot", "contact", "2", "company", "7", "target_not_synced", "link.target-not-synced"),
]
COLLISIONS = [
    ("dynamics", "contact", "info@adler.example", "a-7", 1, True, None),
    ("dynamics", "contact", "info@adler.example", "a-8", 2, False, "lastname;jobtitle"),
    ("dynamics", "contact", "info@adler.example", "a-9", 3, False, "lastname"),
    ("hubspot", "company", "adler papier", "7", 1, True, None),
    ("hubspot", "company", "adler papier", "9", 2, False, None),
]
NEAR_NAMES = [
    ("7", "Adler Papier", "c-2", "Adler Papier GmbH", "legal_form", 92.3, "domain;city"),
    ("8", "Morgenlicht", "c-3", "Morgen Licht", "spacing", 96.8, None),
]
MAPPING = [
    (
        "contact",
        "company",
        "parentcustomerid",
        "blocked",
        "none",
        "A lookup cannot sync.",
        "field.lookup-blocked",
        "Copy the label.",
        23,
    ),
    ("contact", "jobtitle", "jobtitle", "ok", "two_way", None, "field.same-kind", None, None),
    (
        "deal",
        "closedate",
        "estimatedclosedate",
        "lossy",
        "two_way",
        "The time is lost.",
        "field.date-precision",
        None,
        4,
    ),
]
FINDINGS = [
    (
        "G01",
        "high",
        "dynamics",
        "contact",
        9,
        0.0096,
        "9 contacts lose their address.",
        "Merge them.",
        "contact.first-per-email",
    ),
    (
        "G18",
        "not_checked",
        "hubspot",
        "company",
        None,
        None,
        "Automatic companies are not known.",
        "Switch it off.",
        "company.auto-created",
    ),
    ("G26", "medium", None, None, 1, 0.33, "1 mapping loses the time of day.", "Use a date.", "field.date-precision"),
]
SENSITIVITY = [
    ("company_dup", "all_bind", 2, "company=2"),
    ("company_dup", "rest_created", 1, "company=1"),
    ("email_norm", "exact", 0, None),
]
OUTCOMES = [
    (
        "dynamics",
        "contact",
        "a-1",
        "update",
        "in_sync",
        None,
        "contact.match-email",
        "1",
        None,
        "anna@adler.example",
        None,
    ),
    (
        "dynamics",
        "contact",
        "a-8",
        "shadowed",
        "excluded",
        None,
        "contact.first-per-email",
        None,
        "a-7",
        "info@adler.example",
        None,
    ),
    (
        "hubspot",
        "contact",
        "5",
        "failing",
        "failing",
        "too_long",
        "field.too-long",
        None,
        None,
        "ben@adler.example",
        None,
    ),
]


def frame_of(name: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """The rows as a frame with the columns of a forecast table."""
    return pd.DataFrame(rows, columns=list(FORECAST_TABLES[name].column_names))


@dataclass(frozen=True)
class HandMadeForecast:
    """What `report.frames.ForecastFrames` asks for."""

    info: Mapping[str, Any] = field(default_factory=lambda: dict(INFO))
    outcomes: pd.DataFrame = field(default_factory=lambda: frame_of("outcomes", OUTCOMES))
    changes: pd.DataFrame = field(default_factory=lambda: frame_of("changes", CHANGES))
    links: pd.DataFrame = field(default_factory=lambda: frame_of("links", LINKS))
    collisions: pd.DataFrame = field(default_factory=lambda: frame_of("collisions", COLLISIONS))
    near_names: pd.DataFrame = field(default_factory=lambda: frame_of("near_names", NEAR_NAMES))
    mapping: pd.DataFrame = field(default_factory=lambda: frame_of("mapping", MAPPING))
    findings: pd.DataFrame = field(default_factory=lambda: frame_of("findings", FINDINGS))
    summary: pd.DataFrame = field(default_factory=lambda: frame_of("summary", SUMMARY))
    sensitivity: pd.DataFrame = field(default_factory=lambda: frame_of("sensitivity", SENSITIVITY))

    def with_rows(self, name: str, rows: list[tuple[Any, ...]]) -> HandMadeForecast:
        """The same with other rows in one table."""
        return replace(self, **{name: frame_of(name, rows)})

    def with_info(self, **info: Any) -> HandMadeForecast:
        """The same with other facts about the run."""
        return replace(self, info={**self.info, **info})


def empty_forecast(*, has_columns: bool = True) -> HandMadeForecast:
    """A forecast of nothing; without columns, as a frame that nobody filled."""
    frames = {name: frame_of(name, []) if has_columns else pd.DataFrame() for name in FORECAST_TABLES}
    return HandMadeForecast(info={}, **frames)


def write_forecast(forecast: HandMadeForecast, folder: Path) -> Path:
    """The forecast as the folder that `kit.open_forecast` reads."""
    folder.mkdir(parents=True)
    for name in FORECAST_TABLES:
        getattr(forecast, name).to_parquet(folder / f"{name}.parquet")
    (folder / "forecast.json").write_text(json.dumps(dict(forecast.info)), encoding="utf-8")
    return folder
