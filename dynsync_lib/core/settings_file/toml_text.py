"""A TOML text read within bounds of time and memory.

Facts
    * Python's parser takes a time that grows with the square of the parts of a dotted name: 200,000 parts in a file of
      half a megabyte would keep it busy for minutes. Settings have names of four.

Where it is used: `core.settings_file.reader`.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

_MOST_PARTS: Final = 40
QUOTED: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""' "|'''.*?'''" r'|"(?:\\.|[^"\\\n])*+"' "|'[^'\n]*+'" r"|#[^\n]*+", re.DOTALL
)
"""A string in any of TOML's quotes, or a comment: what holds no brackets and no names."""
_LONG_NAME: Final = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}")


def read_toml(text: str) -> dict[str, Any]:
    """The document in a text. Raises ValueError when it is no TOML, nests too deep, or has a name of over 40 parts."""
    if text.count(".") >= _MOST_PARTS and _LONG_NAME.search(QUOTED.sub("q", text)):
        raise ValueError(f"a name has more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None
