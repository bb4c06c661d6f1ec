"""What `forecast.json` says, for a forecast whose people are masked.

Where it is used: `forecasts.forecast_folder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynsync_lib.core.filters.grammar import hide_values


def masked_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """The same information for a masked forecast: filters show values of the fields in `shown_when_masked` only.

    A forecast of an earlier version names none, so that all values of its filters are hidden.
    """
    objects = {name: _masked_object(sync) for name, sync in (info.get("objects") or {}).items()}
    return {**info, "masked": True, "objects": objects}


def _masked_object(sync: Mapping[str, Any]) -> dict[str, Any]:
    shown = frozenset(sync.get("shown_when_masked") or ())
    texts = {name: sync.get(name) for name in ("filter_to_hubspot", "filter_to_dynamics")}
    return {**sync, **{name: text and hide_values(text, shown) for name, text in texts.items()}}
