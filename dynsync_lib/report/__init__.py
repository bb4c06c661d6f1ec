"""Everything a reader sees: figures, traffic light, charts, tables, and the exporter that makes one HTML file of them.

The views take a forecast (`report.forecast_tables.ForecastTables`) and give back an object that notebooks show as HTML.
They show; they do not decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynsync_lib.report.exporter import DynsyncReportExporter

__all__ = ["DynsyncReportExporter"]


def __getattr__(name: str) -> Any:
    """The exporter, which nbconvert knows under this package's name; it is imported only when it is asked for."""
    if name == "DynsyncReportExporter":
        from dynsync_lib.report.exporter import DynsyncReportExporter

        return DynsyncReportExporter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
