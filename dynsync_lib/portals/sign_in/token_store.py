"""Stores the tokens of a sign-in between commands.

Facts
    * The file can be read by its owner only (0600, in a folder of 0700); it is replaced, never written over.
    * Where the operating system has a keyring, the file is encrypted with a key that is stored there: keyrings hold
      short secrets only (Windows 2,560 bytes), and tokens are longer. Without a keyring the file is plain.
    * A file that cannot be read counts as missing: then people sign in again.

Not modelled
    * Two commands that sign in at the same moment: the tokens of the later one stay.

Where it is used: `portals.sign_in.access`, `portals.sign_in.connections`.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from dynsync_lib.messages import remember_secret

KEYRING_SERVICE: Final = "dynsync"
_SEALED: Final = b"sealed:"


class TokenStore:
    """Stores one text in a file of `folder`, which is made at the first write; `about` says whose tokens these are."""

    def __init__(self, folder: Path, *, about: tuple[str, ...]) -> None:
        self._folder = folder
        self._name = hashlib.sha256("\n".join(about).encode()).hexdigest()[:24]

    @property
    def path(self) -> Path:
        """The file."""
        return self._folder / f"tokens-{self._name}"

    def read(self) -> str | None:
        """The stored text; None when there is none, or it cannot be read."""
        try:
            raw = self.path.read_bytes()
            if not raw.startswith(_SEALED):
                return raw.decode()
            key = _read_key(self._name)
            return Fernet(key).decrypt(raw.removeprefix(_SEALED)).decode() if key else None
        except (OSError, ValueError, InvalidToken):
            return None

    def write(self, text: str) -> None:
        """Replaces the stored text."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _read_key(self._name) or _make_key(self._name)
        raw = _SEALED + Fernet(key).encrypt(text.encode()) if key else text.encode()
        fresh = self.path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(raw)
        os.replace(fresh, self.path)

    def forget(self) -> bool:
        """Removes the stored text and its key; True when there was a text."""
        was_there = self.path.exists()
        self.path.unlink(missing_ok=True)
        _delete_key(self._name)
        return was_there


def _read_key(name: str) -> str | None:
    """The key in the keyring; None when there is no keyring, or no key in it."""
    with suppress(*_KEYRING_FAULTS):
        import keyring

        key = keyring.get_password(KEYRING_SERVICE, name)
        remember_secret(key)
        return str(key) if key is not None else None
    return None


def _make_key(name: str) -> str | None:
    """A new key, once the keyring holds it; None when it does not."""
    key = Fernet.generate_key().decode()
    remember_secret(key)
    with suppress(*_KEYRING_FAULTS):
        import keyring

        keyring.set_password(KEYRING_SERVICE, name, key)
        return key if keyring.get_password(KEYRING_SERVICE, name) == key else None
    return None


def _delete_key(name: str) -> None:
    with suppress(*_KEYRING_FAULTS):
        import keyring

        keyring.delete_password(KEYRING_SERVICE, name)


_KEYRING_FAULTS: Final = (Exception,)
"""Keyrings of operating systems fail in their own ways, and none of them may stop a sign-in."""
