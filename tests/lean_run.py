"""What a run of thousands of tests does not pay for again and again; no test sees a difference.

Facts
    * Every test module, and all it imports, stays loaded to the end: the garbage collector need not look there, neither
      while it is loaded nor after that.
    * A test process takes one core, so Polars gets one thread; processes that the tests start get all threads.
    * Each client of `httpx` reads the public authorities anew, a hundred and more of them, also to speak without TLS:
      those of `certifi`, or of the file or folder that the environment names.
    * Each emulator has a client certificate, and an RSA key takes longer to make than all else that it needs to start:
      those of a process share one, until `rsa_key` forgets it.
    * A process takes one file of tests after the other, so those that take longest begin first: begun last, they keep
      one process at work when all others have nothing left.
    * Test modules are compiled once, not in every run, also where the environment asks Python to keep nothing.

Where it is used: `tests/conftest.py` takes the hooks of pytest over.
"""

from __future__ import annotations

import functools
import gc
import os
import ssl
import sys
from pathlib import Path
from typing import Any, Final

import certifi
import pytest

_KEEPS_NOTHING: Final = "PYTHONDONTWRITEBYTECODE"
_THREADS: Final = "POLARS_MAX_THREADS"
_OBJECTS_BEFORE_COLLECTION: Final = 20_000
_LONGEST: Final = (
    "cli/test_planted_texts.py",
    "rehearsal/test_demo_rehearsal.py",
    "rehearsal/test_seeding.py",
    "worklist/test_worklist.py",
    "browser/test_report.py",
    "notebooks/test_notebooks.py",
    "kit/test_examples.py",
    "portals/test_pull.py",
    "cli/test_stopping.py",
)
"""Files that take five seconds and more, the longest first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Prepares this process, before the first test module is imported."""
    gc.disable()
    os.environ.pop(_KEEPS_NOTHING, None)
    sys.dont_write_bytecode = False
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


@functools.cache
def rsa_key() -> Any:
    """The RSA key of all certificates that are made from now on."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _share_rsa_key() -> None:
    if "trustme" in sys.modules:
        kind: Any = sys.modules["trustme"].KeyType
        make = kind._generate_key
        kind._generate_key = lambda self: rsa_key() if self is kind.RSA else make(self)


def _import_polars_with_one_thread() -> None:
    os.environ[_THREADS] = "1"
    try:
        import polars

        polars.thread_pool_size()  # reads the number
    finally:
        del os.environ[_THREADS]


def begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Puts the tests of the longest files before all others, each file's in the order in which they stand."""
    turns = {Path(__file__).parent / name: turn for turn, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Leaves what is loaded by now out of every further collection of garbage."""
    del session
    _share_rsa_key()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION, 20, 20)
    gc.enable()
