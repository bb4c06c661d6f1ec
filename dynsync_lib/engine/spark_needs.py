"""What Spark needs of the machine: the package pyspark and a Java runtime.

Facts
    * Nothing here imports pyspark, so that the command starts fast and runs without it.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from dynsync_lib.errors import UsageError


def missing_need() -> UsageError | None:
    """What keeps Spark from running here, as the error to raise; None when nothing does."""
    if find_spec("pyspark") is None:
        return UsageError(
            "The engine `spark` needs the package pyspark, which is not installed.",
            next_step="Run `python -m pip install 'pyspark>=4,<5'` in the kit's environment, or use --engine duckdb.",
        )
    if not _has_java():
        return UsageError(
            "The engine `spark` needs Java, and neither JAVA_HOME nor PATH leads to it.",
            next_step="Install a Java runtime, version 17 or newer, or use --engine duckdb.",
        )
    return None


def refuse_spark_without_its_needs() -> None:
    """Raises UsageError when pyspark or Java is missing."""
    missing = missing_need()
    if missing is not None:
        raise missing


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return (home is not None and (Path(home) / "bin" / "java").is_file()) or shutil.which("java") is not None
