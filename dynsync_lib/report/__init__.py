"""Everything a reader sees: figures, traffic light, charts, tables, and the exporter that makes one HTML file of them.

The views take a forecast (`report.forecast_tables.ForecastTables`) and give back an object that notebooks show as HTML.
They show; they do not decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynsync_lib.report.charts import outcome_bars
from dynsync_lib.report.cover import cover, provenance, scope_table
from dynsync_lib.report.decisions import decisions_table
from dynsync_lib.report.figures import six_figures
from dynsync_lib.report.flow import flow_chart
from dynsync_lib.report.light import traffic_light
from dynsync_lib.report.ranked import assumption_bars, overwrite_bars
from dynsync_lib.report.views import (
    assumptions_table,
    changes_table,
    collisions_table,
    findings_table,
    links_table,
    mapping_table,
    near_names_table,
    outcome_table,
    reason_table,
)

if TYPE_CHECKING:
    from dynsync_lib.report.exporter import DynsyncReportExporter

__all__ = [
    "DynsyncReportExporter",
    "assumption_bars",
    "assumptions_table",
    "changes_table",
    "collisions_table",
    "cover",
    "decisions_table",
    "findings_table",
    "flow_chart",
    "links_table",
    "mapping_table",
    "near_names_table",
    "outcome_bars",
    "outcome_table",
    "overwrite_bars",
    "provenance",
    "reason_table",
    "scope_table",
    "six_figures",
    "traffic_light",
]


def __getattr__(name: str) -> Any:
    """The exporter, imported only when it is asked for: nbconvert takes more than a second."""
    if name == "DynsyncReportExporter":
        from dynsync_lib.report.exporter import DynsyncReportExporter

        return DynsyncReportExporter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
