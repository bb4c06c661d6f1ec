"""The secret by which people of one forecast are masked.

Facts
    * It is made from the unmasked outcomes, so that one forecast is masked alike every time and everywhere; who has
      those needs no secret. It is written nowhere.

Where it is used: `forecasts.forecast_folder`, `kit.pages`.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

_PURPOSE: Final = b"dynsync masks people 1\0"


def masking_secret(folder: Path) -> str:
    """64 hexadecimal digits that only who has the forecast's folder can work out. Raises OSError when it is not there.

    Cost: reads the outcomes once as long as it does not change.
    """
    path = folder / "outcomes.parquet"
    return _secret_of(path, path.stat().st_mtime)


@lru_cache(maxsize=16)
def _secret_of(path: Path, stamp: float) -> str:
    del stamp
    with path.open("rb") as file:
        of_content = hashlib.file_digest(file, "sha256").digest()
    return hashlib.sha256(_PURPOSE + of_content).hexdigest()
