"""How long a command takes, and how much memory: wall and processor seconds and peak memory, with all its children.

Facts
    * Processor seconds are the kernel's own account of the command and every child that it waited for.
    * Peak memory is the summed resident memory of the process and its children, read every 0.1 s, and at least what the
      kernel says of the largest of them.

Where it is used: `scale.py` and `reading.py`. It needs `os.wait4`, which Windows has not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_SAMPLE_S: Final = 0.1
_NONE_YET: Final = (0, 0)
Figures = dict[str, float]
"""wall_s, cpu_s, peak_mb."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: the words, the folder it runs in (None: this one), and the exit codes that mean it is done."""

    words: Sequence[str]
    folder: Path | None = None
    done: Sequence[int] = (0,)


def watch(command: Command) -> Figures:
    """Wall and processor seconds and peak memory of a command; raises CalledProcessError when it fails."""
    environment = os.environ if command.folder is None else {**os.environ, "PYTHONPATH": str(command.folder)}
    started_s = time.perf_counter()
    child = psutil.Popen(command.words, stdout=subprocess.DEVNULL, cwd=command.folder, env=environment)
    peak = 0
    while (ended := os.wait4(child.pid, os.WNOHANG))[:2] == _NONE_YET:
        peak = max(peak, _resident_bytes(child))
        time.sleep(_SAMPLE_S)
    wall_s = time.perf_counter() - started_s
    _, status, usage = ended
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in command.done:
        raise subprocess.CalledProcessError(child.returncode, command.words)
    cpu_s = usage.ru_utime + usage.ru_stime
    return {"wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2), "peak_mb": max(peak, usage.ru_maxrss << 10) >> 20}


def _resident_bytes(child: psutil.Process) -> int:
    """Resident memory of a process and its children, as far as they still live."""
    used = 0
    try:
        for process in (child, *child.children(recursive=True)):
            used += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return used


def take_turns(commands: Mapping[str, Command], repeats: int) -> dict[str, list[Figures]]:
    """The figures of every run of every command, which take turns."""
    runs: dict[str, list[Figures]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(watch(command))
    return runs


def median(figures: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return {name: statistics.median(run[name] for run in figures) for name in figures[0]}
