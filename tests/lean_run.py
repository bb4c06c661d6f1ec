"""What a run of thousands of tests does not pay for again and again; no test sees a difference.

Facts
    * Every test module, and all it imports, stays loaded to the end: the garbage collector need not look there again.
    * A test process takes one core, so Polars gets one thread; processes that the tests start get all threads.
    * `httpcore` looks for the package sniffio at every request, and a package that is not there is looked for in every
      folder of the path.
    * Each client of `httpx` reads the public authorities anew, a hundred and more of them, also to speak without TLS:
      those of `certifi`, or of the file or folder that the environment names.
    * Test modules are compiled once, not in every run, also where the environment asks Python to keep nothing.

Where it is used: `tests/conftest.py` takes the hooks of pytest over.
"""

from __future__ import annotations

import functools
import gc
import importlib.util
import os
import ssl
import sys
from typing import Any, Final

import certifi
import pytest

_KEEPS_NOTHING: Final = "PYTHONDONTWRITEBYTECODE"
_THREADS: Final = "POLARS_MAX_THREADS"
_OBJECTS_BEFORE_COLLECTION: Final = 20_000


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Prepares this process, before the first test module is imported."""
    os.environ.pop(_KEEPS_NOTHING, None)
    sys.dont_write_bytecode = False
    if importlib.util.find_spec("sniffio") is None:
        modules: dict[str, Any] = sys.modules
        modules["sniffio"] = None  # Python's sign for a module that is not there
    _read_public_authorities_once()
    if hasattr(session.config, "workerinput") and _THREADS not in os.environ:
        _import_polars_with_one_thread()


def _read_public_authorities_once() -> None:
    make = ssl.create_default_context
    of_public_authorities = functools.cache(make)

    @functools.wraps(make)
    def create(*arguments: Any, **options: Any) -> ssl.SSLContext:
        is_public = not arguments and options in _public_authorities()
        return of_public_authorities(**options) if is_public else make(*arguments, **options)

    ssl.create_default_context = create


def _public_authorities() -> list[dict[str, str]]:
    """How `httpx` may name the place of the public authorities."""
    named = {"cafile": os.environ.get("SSL_CERT_FILE", ""), "capath": os.environ.get("SSL_CERT_DIR", "")}
    return [{"cafile": certifi.where()}, *({kind: path} for kind, path in named.items() if path)]


def _import_polars_with_one_thread() -> None:
    os.environ[_THREADS] = "1"
    try:
        import polars

        polars.thread_pool_size()  # reads the number
    finally:
        del os.environ[_THREADS]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Leaves what is loaded by now out of every further collection of garbage."""
    del session
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION, 20, 20)
