"""Texts that must not lie about in plain words: sealed with a password, opened again with the same.

For benchmarks whose authors ask that questions stay out of what crawlers read. Their password is published,
so a seal keeps texts from being found, not from somebody who wants to read them. Knows no benchmark but the
one whose password it has, and no file.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import cache
from typing import TYPE_CHECKING

from experts.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

GPQA_PASSWORD = "deserted-untie-orchid"
"""Published by the authors of GPQA beside their encrypted archive (github.com/idavidrein/gpqa)."""

_SALT = b"compound completion store"
# One salt for all: every reader has the password, and a key must be derived once a process, not once a line.
_NONCE_BYTES = 12
_SCRYPT = {"length": 32, "n": 2**14, "r": 8, "p": 1}
"""Parameters that RFC 7914 gives for interactive use; about 50 ms."""


class SealError(ConfigError):
    """A sealed text was sealed with another password, or is not as it was; which, cannot be told."""


class Seal:
    """AES-GCM with a key derived from a password by scrypt."""

    def __init__(self, password: str) -> None:
        """Store; the key is derived at the first use."""
        self._password = password
        self._made: AESGCM | None = None

    def seal(self, text: str) -> str:
        """A text as base64, another one every time, that only the same password opens."""
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher().encrypt(nonce, text.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """The text.

        Raises:
            SealError: it was sealed with another password, or is not as it was.
        """
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise SealError(
                "A sealed text cannot be opened: it was sealed with another password, or has been changed; "
                "give the file that was written."
            ) from error

    def _cipher(self) -> AESGCM:
        if self._made is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

            self._made = AESGCM(Scrypt(salt=_SALT, **_SCRYPT).derive(self._password.encode()))
        return self._made


@cache
def gpqa_seal() -> Seal:
    """The seal of everything that tells a question of GPQA."""
    return Seal(GPQA_PASSWORD)
