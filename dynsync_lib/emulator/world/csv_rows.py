"""The rows of a world's CSV files, read one by one and checked on the way.

Facts
    * A file that is there must be what its name says: CSV in UTF-8, with named columns, no two of one name (whatever
      case), and no row longer than the line of names. Empty lines are passed over.

Where it is used: `emulator.world.demo_world`, `emulator.world.world_folder`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from dynsync_lib.emulator.world.metadata import Row
from dynsync_lib.errors import InputFileError

_MOST_COLUMNS: Final = 1_900
_LONGEST_CELL: Final = 131_072
"""As long as Python's own reader takes, unless some other reader of this process raised its limit."""
_LONGEST_SHOWN: Final = 60
_STEP: Final = "Write the folder anew, or correct the file."


@dataclass(frozen=True)
class CsvRows:
    """The rows of a CSV file, read anew by each loop over them; empty fields are None.

    Raises InputFileError, when it is read, for a file that is no CSV in UTF-8, or whose columns or rows are wrong.
    """

    path: Path

    @cached_property
    def columns(self) -> list[str]:
        """The column names of the first line; empty when there is no file."""
        names = next(self._lines(), (0, list[str]()))[1]
        self._refuse_names(names)
        return names

    def need(self, *names: str) -> None:
        """Raises InputFileError when there is a file and one of these columns is not in it."""
        for name in names:
            if self.path.exists() and name not in self.columns:
                raise InputFileError(f"{self.path} has no column {name}.", next_step=_STEP)

    def __iter__(self) -> Iterator[Row]:
        names = self.columns
        lines = self._lines()
        next(lines, None)
        for number, values in lines:
            if len(values) > len(names):
                sentence = f"{self.path} has {len(values)} cells in line {number} and {len(names)} columns."
                raise InputFileError(sentence, next_step=_STEP)
            cells = [value or None for value in values] + [None] * (len(names) - len(values))
            yield dict(zip(names, cells, strict=True))

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """The lines that are not empty, each with its number in the file."""
        if not self.path.exists():
            return
        if not self.path.is_file():
            raise InputFileError(f"{self.path} is no file.", next_step=_STEP)
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                lines = csv.reader(stream, strict=True)
                for values in lines:
                    if any(len(value) > _LONGEST_CELL for value in values):
                        raise csv.Error("a cell is too long")
                    if values:
                        yield lines.line_num, values
        except (UnicodeDecodeError, csv.Error) as fault:
            raise InputFileError(f"{self.path} is no CSV file in UTF-8.", next_step=_STEP) from fault
        except OSError as fault:
            raise InputFileError(f"{self.path} cannot be read.", next_step="See to its rights.") from fault

    def _refuse_names(self, names: list[str]) -> None:
        if len(names) > _MOST_COLUMNS:
            raise InputFileError(f"{self.path} has {len(names)} columns, more than {_MOST_COLUMNS}.", next_step=_STEP)
        folded = [name.casefold() for name in names]
        for name in names:
            shown = repr(name[:_LONGEST_SHOWN])
            if not name.strip() or name.startswith("@") or not name.isprintable():
                raise InputFileError(f"{self.path} has the column {shown}, which is no name.", next_step=_STEP)
            if folded.count(name.casefold()) > 1:
                raise InputFileError(f"{self.path} has the column {shown} twice.", next_step=_STEP)
