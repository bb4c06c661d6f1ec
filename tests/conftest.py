"""What holds for every test: the keyring of the person who runs them is not touched."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's keyring is not there; a test that wants one brings its own."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
