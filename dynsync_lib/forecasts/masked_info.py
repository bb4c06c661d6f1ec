"""What `forecast.json` says, for a forecast whose people are masked.

Where it is used: `forecasts.forecast_folder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynsync_lib.core.filters.grammar import mask_filter
from dynsync_lib.core.masking import Masking


def masked_info(info: Mapping[str, Any], masking: Masking) -> dict[str, Any]:
    """The same information for a masked forecast: filters as `core.filters.grammar.mask_filter` shows them.

    The settings as they were read are left out: their filters may name people.
    """
    objects = {name: _masked_object(sync) for name, sync in (info.get("objects") or {}).items()}
    return {**info, "masked": True, "masking": masking.value, "objects": objects, "settings": {}}


def _masked_object(sync: Mapping[str, Any]) -> dict[str, Any]:
    return {**sync, **{name: mask_filter(sync, name) for name in ("filter_to_hubspot", "filter_to_dynamics")}}
