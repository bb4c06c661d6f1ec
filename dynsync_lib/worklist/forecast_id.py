"""The id of a forecast, by which a workbook knows to which one it belongs.

Where it is used: `worklist`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.snapshot.snapshot import sha256_of

_DIGITS: Final = 24


def forecast_id(forecast: Forecast) -> str:
    """24 hexadecimal digits made of the forecast's tables and of the hash of its snapshot: the same content, the same
    id, wherever the folder lies.
    """
    hashes = forecast.info.get("sha256") or {}
    of_tables = {name: hashes.get(name) or sha256_of(forecast.table_path(name)) for name in sorted(FORECAST_TABLES)}
    content = json.dumps([forecast.info.get("snapshot_sha256"), of_tables])
    return hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
