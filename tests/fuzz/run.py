"""Many mutants, and how each ended: `python -m tests.fuzz.run 5000` prints the faults and what was counted.

`--after 5000` tries those that come after the first 5,000, `--only csv` those of one kind.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from dynsync_lib.errors import DynsyncError, RulebookError, SettingsError
from tests.fuzz.handed_over import KINDS, Kind, make_bases, try_mutant

MOST_S = 10
"""The most seconds of processor time that a mutant may take."""
MOST_BYTES = 1 << 30
"""The most memory by which a mutant may let the process grow."""
_LONGEST = 700


@dataclass(frozen=True)
class Ending:
    """How one mutant ended: `what` is success or the error's class, `fault` the traceback or why it is too much."""

    kind: str
    seed: int
    what: str
    fault: str | None
    took_s: float


class _TooLongError(BaseException):
    pass


def seeds(mutants: int, after: int = 0) -> Iterator[tuple[Kind, int]]:
    """So many mutants, those that come `after` so many others, shared out among the kinds, the kinds in turn."""
    for number in range(after // 100, (after + mutants) // 100):
        for kind in KINDS:
            for place in range(kind.share):
                yield kind, number * kind.share + place


def end_of(kind: Kind, bases: Path, seed: int) -> Ending:
    """What became of one mutant."""
    begun, before = time.process_time(), _most_memory()
    what, fault = "success", None
    try:
        with _bounded():
            try_mutant(kind, bases, seed)
    except DynsyncError as error:
        what = type(error).__name__
        fault = _complaint(error)
    except (Exception, _TooLongError) as error:  # noqa: BLE001 - whatever else is a fault
        what, fault = type(error).__name__, traceback.format_exc()
    if _most_memory() - before > MOST_BYTES:
        fault = f"{fault or ''} takes {(_most_memory() - before) >> 20} MB"
    return Ending(kind.name, seed, what, fault, time.process_time() - begun)


def _complaint(error: DynsyncError) -> str | None:
    """What is wrong with an error of the kit: it is one of our bugs, too long, or holds control characters."""
    faults = error.faults if isinstance(error, SettingsError) else [str(error)]
    if isinstance(error, RulebookError) or not all(faults):
        return traceback.format_exc()
    texts = [*faults, error.next_step]
    if any(len(text) > _LONGEST for text in texts):
        return f"a message of {max(map(len, texts))} characters: {traceback.format_exc(limit=-2)[-1500:]}"
    if any(not character.isprintable() for text in texts for character in text):
        return f"control characters: {texts!r}"
    return None


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def _bounded() -> Iterator[None]:
    """Ends the block with an error when it takes too much processor time."""

    def give_up(number: int, frame: FrameType | None) -> Any:
        del number, frame
        raise _TooLongError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(mutants: int, *, after: int = 0, only: str = "") -> int:
    """Runs the mutants and prints the faults, then what was counted; the number of faults comes out."""
    counted: Counter[tuple[str, str]] = Counter()
    faults: list[Ending] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as root:
        make_bases(Path(root))
        for kind, seed in seeds(mutants, after):
            if only and kind.name != only:
                continue
            ending = end_of(kind, Path(root), seed)
            counted[ending.kind, ending.what] += 1
            slowest = max(slowest, ending.took_s)
            if ending.fault is not None:
                faults.append(ending)
                _say(f"--- {ending.kind} {ending.seed}: {ending.what}, {ending.took_s:.1f} s\n{ending.fault}")
    for (name, what), count in sorted(counted.items()):
        _say(f"{name:<16}{what:<20}{count:>6}")
    _say(f"{len(faults)} faults of {counted.total()}; slowest {slowest:.1f} s; at most {_most_memory() >> 20} MB")
    return len(faults)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("mutants", type=int)
    asked.add_argument("--after", type=int, default=0)
    asked.add_argument("--only", default="")
    sys.exit(bool(main(**vars(asked.parse_args()))))
