"""Encryption at rest for the few things that hold secrets for a while (saved plans)."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from controlplane.lib.errors import SlipwayError


class Undecryptable(SlipwayError):
    """The bytes were made with another key, or were changed."""

    def __init__(self) -> None:
        super().__init__("UNDECRYPTABLE", "The stored artefact does not open with this installation's secret key.")


def _fernet(secret_key: str, purpose: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=f"slipway:{purpose}".encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def encrypt(plain: bytes, secret_key: str, purpose: str) -> bytes:
    """Authenticated encryption with a key of its own for each purpose."""
    return _fernet(secret_key, purpose).encrypt(plain)


def decrypt(sealed: bytes, secret_key: str, purpose: str) -> bytes:
    """The plain bytes; raises Undecryptable."""
    try:
        return _fernet(secret_key, purpose).decrypt(sealed)
    except InvalidToken:
        raise Undecryptable from None
