"""HMAC signatures of webhooks, compared in constant time."""

import hashlib
import hmac

PREFIX = "sha256="


def sign(secret: str, body: bytes) -> str:
    """The signature header's value for a raw body: `sha256=<hex>` (GitHub's form)."""
    return PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(secret: str, body: bytes, given: str) -> bool:
    """Whether `given` signs exactly these bytes."""
    return hmac.compare_digest(sign(secret, body).encode(), given.encode("utf-8", "replace"))
