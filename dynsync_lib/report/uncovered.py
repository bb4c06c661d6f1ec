"""Records that were loaded and that no sync covers: nothing happens to them, and nobody should think that it does.

Facts
    * An object whose sync is off or has no section keeps its records out, with the reason `object_off`; HubSpot's
      contacts are covered when the sync of contacts or that of leads is on.
    * Files of custom tables are counted when they are loaded, and left alone; lookups that point to custom tables have
      a finding of their own.

Not modelled
    * Custom tables of a portal that no lookup of these objects points to: a pull does not see them.

Source: rules record.object-off, record.further-objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import Reason
from dynsync_lib.report.forecast_tables import ForecastTables, count_outcomes
from dynsync_lib.report.words import object_rank, records_word

_CUSTOM_TABLES_CHECK: Final = "G56"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Loaded records that no sync covers: `objects` has system, object and the number of records of each kind that is
    off; `tables` are sentences about further tables.
    """

    objects: tuple[Mapping[str, Any], ...]
    tables: tuple[str, ...]

    def sentences(self) -> list[str]:
        """What is to be told: nothing where everything is covered."""
        kinds = [f"{records_word(row['object'], row['system'])} ({row['records']:,})" for row in self.objects]
        off = [f"No sync covers {', '.join(kinds)}: their sync is off."] if kinds else []
        return [*off, *self.tables]


def uncovered_records(forecast: ForecastTables) -> Uncovered:
    """The loaded records that no sync covers, and what is known of custom tables.

    >>> kit.uncovered_records(kit.open_forecast("out/demo/forecast")).sentences()
    []
    """
    off = [row for row in count_outcomes(forecast) if row["reason"] == Reason.OBJECT_OFF]
    off.sort(key=lambda row: (object_rank(row["object"]), row["system"]))
    objects = ({"system": row["system"], "object": row["object"], "records": row["count"]} for row in off)
    return Uncovered(tuple(objects), (*_custom_files(forecast), *_custom_lookups(forecast)))


def _custom_files(forecast: ForecastTables) -> list[str]:
    """What is said of files that were left alone and hold records of another table."""
    left_alone = (forecast.info.get("loaded") or {}).get("left_alone") or ()
    return [f"No sync covers {file['file']}: it {file['why']}." for file in left_alone if file.get("holds_other_table")]


def _custom_lookups(forecast: ForecastTables) -> list[str]:
    findings = forecast.rows("findings", where={"check_id": _CUSTOM_TABLES_CHECK})
    return [str(row["sentence"]) for row in findings if row["count"]]
