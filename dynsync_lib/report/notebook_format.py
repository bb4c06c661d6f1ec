"""nbformat, imported in a tenth of the time.

Facts
    * nbformat checks notebooks with jsonschema, which imports `rfc3987_syntax` to check international web addresses;
      that package builds a grammar when it is imported, which takes longer than running a notebook.
    * A notebook's schema asks for no such check, and jsonschema does without the package where it is not installed. It
      is kept out of this one import only.

Source: jsonschema's documentation, "Validating Formats"; Python's reference, 5.3.1 "The module cache".
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["NotebookNode", "nbformat"]

_GRAMMAR: Final = "rfc3987_syntax"


@contextmanager
def _unseen(module: str) -> Iterator[None]:
    """Within it the module counts as not installed, unless it is imported already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment] # None is what the reference names; the stubs do not
    try:
        yield
    finally:
        del sys.modules[module]


with _unseen(_GRAMMAR):
    import nbformat
    from nbformat import NotebookNode
