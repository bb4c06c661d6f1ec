"""A small forecast written out by hand, with every outcome, and ways to spoil it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.report.forecast_tables import Choices

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
_SHARES_ITS_KEY = ("shadowed", "excluded", None, "contact.first-per-email", None, "a-7", "info@adler.example", None)
_SHADOWED = [("dynamics", "contact", f"a-{number}", *_SHARES_ITS_KEY) for number in range(10, 18)]
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
    *_SHADOWED,
]


ROWS: Mapping[str, list[tuple[Any, ...]]] = {
    "outcomes": OUTCOMES,
    "changes": CHANGES,
    "links": LINKS,
    "collisions": COLLISIONS,
    "near_names": NEAR_NAMES,
    "mapping": MAPPING,
    "findings": FINDINGS,
    "summary": SUMMARY,
    "sensitivity": SENSITIVITY,
}


@dataclass(frozen=True)
class HandMadeForecast:
    """What `report.forecast_tables.ForecastTables` asks for, in plain Python: a second opinion on the kit's reader."""

    info: Mapping[str, Any] = field(default_factory=lambda: dict(INFO))
    tables: Mapping[str, list[tuple[Any, ...]]] = field(default_factory=lambda: dict(ROWS))

    def with_rows(self, name: str, rows: list[tuple[Any, ...]]) -> HandMadeForecast:
        """The same with other rows in one table."""
        return replace(self, tables={**self.tables, name: rows})

    def with_info(self, **info: Any) -> HandMadeForecast:
        """The same with other facts about the run."""
        return replace(self, info={**self.info, **info})

    def rows(
        self, table: str, *, where: Mapping[str, str] | None = None, order: Sequence[str] = (), limit: int | None = None
    ) -> list[dict[str, Any]]:
        told = [dict(zip(FORECAST_TABLES[table].column_names, row, strict=True)) for row in self.tables[table]]
        found = [row for row in told if all(row[name] == value for name, value in (where or {}).items())]
        for name in reversed(order):
            found.sort(key=lambda row: _nulls_last(row[name.lstrip("-")]), reverse=name.startswith("-"))
        return found[:limit]

    def counts(self, table: str, by: Sequence[str]) -> list[dict[str, Any]]:
        groups = Counter(tuple(row[name] for name in by) for row in self.rows(table))
        told = [{**dict(zip(by, group, strict=True)), "count": count} for group, count in groups.items()]
        return sorted(told, key=lambda row: [_nulls_last(row[name]) for name in by])

    def count_groups(
        self, table: str, by: Sequence[str], *, where: Choices | None = None, without: Choices | None = None
    ) -> int:
        rows = [row for row in self.rows(table) if all(row[name] in values for name, values in (where or {}).items())]
        kept = [row for row in rows if not any(row[name] in values for name, values in (without or {}).items())]
        return len({tuple(row[name] for name in by) for row in kept})

    def shared_keys(self, limit: int) -> list[dict[str, Any]]:
        groups = self.counts("collisions", ["system", "object", "match_key"])
        groups.sort(key=lambda row: -row["count"])
        return [self._shared_key(group) for group in groups[:limit]]

    def shared_key_sizes(self) -> list[dict[str, Any]]:
        groups = self.counts("collisions", ["system", "object", "match_key"])
        sizes = Counter((row["system"], row["object"], row["count"]) for row in groups)
        names = ("system", "object", "size")
        return [{**dict(zip(names, size, strict=True)), "count": count} for size, count in sorted(sizes.items())]

    def problem_sets(self) -> list[dict[str, Any]]:
        problems: dict[tuple[str, str, str], set[str]] = {}
        for key, problem in self._problems():
            problems.setdefault(key, set()).add(problem)
        counts = Counter(tuple(sorted(own)) for own in problems.values())
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], len(pair[0]), pair[0]))
        return [{"problems": list(own), "count": count} for own, count in ordered]

    def _problems(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        in_sync = set()
        for row in self.rows("outcomes"):
            key = _record(row["system"], row["object"], row["record_id"])
            if row["health"] == "in_sync":
                in_sync.add(key)
            if row["outcome"] in ("shadowed", "failing"):
                yield key, row["outcome"]
            if row["reason"] in ("no_email", "no_match_key", "stage_unmapped"):
                yield key, "kept_out"
        for row in self.rows("changes", where={"kind": "overwrite"}):
            if row["note"] not in ("value_skipped", "owner_unresolved", "lifecycle_ignored"):
                system = row["target_system"]
                yield _record(system, row["object"], row[f"{system}_id"]), "overwritten"
        for row in self.rows("links"):
            key = _record(row["from_system"], row["from_object"], row["from_id"])
            if key in in_sync and row["status"] in ("dropped_non_primary", "parent_is_contact", "target_not_synced"):
                yield key, "association_lost"
        for row in self.rows("near_names"):
            yield ("hubspot", "company", row["hubspot_id"]), "near_name"
            yield ("dynamics", "company", row["dynamics_id"]), "near_name"

    def _shared_key(self, group: dict[str, Any]) -> dict[str, Any]:
        where = {name: group[name] for name in ("system", "object", "match_key")}
        members = self.rows("collisions", where=where, order=["position"])
        losers = [row["record_id"] for row in members if not row["is_winner"]]
        return {
            **group,
            "winner_id": next((row["record_id"] for row in members if row["is_winner"]), None),
            "first_losers": losers[:3] or None,
            "losers": len(losers),
            "differs_in": sorted({row["differs_in"] for row in members} - {None}) or None,
        }


def _record(system: str, object_: str, id_: str) -> tuple[str, str, str]:
    """A record by system, object and id; HubSpot's contacts of leads are contacts there, too."""
    return system, "contact" if (system, object_) == ("hubspot", "lead") else object_, id_


def _nulls_last(value: Any) -> tuple[bool, Any]:
    return value is None, "" if value is None else value


def empty_forecast() -> HandMadeForecast:
    """A forecast of nothing."""
    return HandMadeForecast(info={}, tables={name: [] for name in FORECAST_TABLES})


def write_forecast(forecast: HandMadeForecast, folder: Path) -> Path:
    """The forecast as the folder that `kit.open_forecast` reads."""
    folder.mkdir(parents=True)
    for name, rows in forecast.tables.items():
        frame = pd.DataFrame(rows, columns=list(FORECAST_TABLES[name].column_names))
        frame.to_parquet(folder / f"{name}.parquet")
    (folder / "forecast.json").write_text(json.dumps(dict(forecast.info)), encoding="utf-8")
    return folder
