"""The sandbox's own SNS key and certificate: signatures that a subscriber can verify as it verifies AWS's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Self, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

SIGNATURE_VERSIONS = ("1", "2")
_YEARS = 10


@dataclass(frozen=True)
class Signer:
    """An RSA key with its self-signed certificate, both as PEM: plain data that is saved with the state."""

    key: bytes
    certificate: bytes

    @classmethod
    def create(cls) -> Self:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365 * _YEARS))
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return cls(private, certificate.public_bytes(pem))

    @property
    def file_name(self) -> str:
        """As AWS names its own: SimpleNotificationService-<hexadecimal>.pem."""
        return f"SimpleNotificationService-{sha256(self.certificate).hexdigest()[:32]}.pem"

    def sign(self, text: str, version: str) -> str:
        """Base64; version 1 is SHA1withRSA, version 2 SHA256withRSA."""
        key = cast(rsa.RSAPrivateKey, serialization.load_pem_private_key(self.key, None))
        # SNS's version 1 is SHA-1, which subscribers still have to be able to verify.
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303  SNS's version 1 is SHA-1
        return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
