"""One quiet local Spark per process, bound to 127.0.0.1; or a session that is active already, with its own settings.

Facts
    * Whoever computes on a cluster has an active session; a new one beside it shares the cluster, not the settings.
    * What Java says at its start goes to a log file, never to standard output.
    * No frame here becomes a pandas frame, so what pyspark warns of newer pandas does not concern us.
    * Regular expressions of Java call themselves; values of 10,000 characters want deep stacks.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from dynsync_lib.errors import UsageError

_SQL_SETTINGS: Final = {
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
}
"""Settings of the session: the same meaning of names and times wherever it runs."""
_FOR_SMALL_PORTALS: Final = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
}
"""Hundreds of small queries: planning again, compiling and spreading them costs far more than running them."""
_STACK: Final = "-Xss64m -XX:-UsePerfData"  # without a file named after the user in the shared temp folder
_QUICK_START: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@contextlib.contextmanager
def open_session(work: Path, *, memory_gb: float, is_small: bool) -> Iterator[SparkSession]:
    """A session of our own; what it spills goes to `work`. Raises UsageError when Java cannot run Spark."""
    settings = _SQL_SETTINGS | (_FOR_SMALL_PORTALS if is_small else {})
    active = SparkSession.getActiveSession()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        if active is not None:
            yield _with_settings(active.newSession(), settings)
            return
        context = _start(_configuration(work, memory_gb, java=f"{_STACK} {_QUICK_START}" if is_small else _STACK))
        try:
            yield _with_settings(SparkSession(context), settings)
        finally:
            context.stop()


def _with_settings(session: SparkSession, settings: Mapping[str, str]) -> SparkSession:
    for name, value in settings.items():
        session.conf.set(name, value)
    return session


def _start(conf: SparkConf) -> SparkContext:
    try:
        context = SparkContext(conf=conf, gateway=_gateway(conf))
    except PySparkRuntimeError as fault:
        raise UsageError(
            "The engine `spark` did not start: Java ended at once.",
            next_step="Spark 4 needs Java 17 or 21; look at `java -version`, or use --engine duckdb.",
        ) from fault
    context.setLogLevel("OFF")
    return context


def _configuration(work: Path, memory_gb: float, *, java: str) -> SparkConf:
    threads = os.cpu_count() or 1
    settings = {
        "spark.master": f"local[{threads}]",
        "spark.app.name": "dynsync",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": f"{int(memory_gb * 1024)}m",
        "spark.driver.extraJavaOptions": java,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(work),
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        "spark.sql.shuffle.partitions": str(2 * threads),
    }
    conf = SparkConf(loadDefaults=SparkContext._jvm is not None)
    return conf.setAll(list(settings.items()))


def _gateway(conf: SparkConf) -> Any:
    """The way to Java, whose own output goes to a file that nobody else reads; None when Java runs already."""
    if SparkContext._gateway is not None:
        return None
    with tempfile.TemporaryFile(prefix="dynsync-spark-") as log:
        return launch_gateway(conf, {"stdout": log, "stderr": subprocess.STDOUT})
