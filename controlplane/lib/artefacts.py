"""Encrypted artefacts (saved plans with their workspace) in a folder that every worker of one machine shares."""

import os
from pathlib import Path

from controlplane.lib import crypto
from controlplane.lib.errors import SlipwayError


class ArtefactMissing(SlipwayError):
    """The artefact was deleted or never written."""

    def __init__(self, name: str) -> None:
        super().__init__("ARTEFACT_MISSING", f"The stored artefact {name} is gone.")


class ArtefactStore:
    """Named blobs, encrypted at rest, each written whole or not at all."""

    PURPOSE = "artefact"

    def __init__(self, folder: Path, secret_key: str) -> None:
        self.folder, self._secret_key = folder, secret_key

    def put(self, name: str, plain: bytes) -> None:
        """Stores `plain` under `name`; raises OSError where the disk is full or read-only."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = self.folder / f".{name}.{os.getpid()}"
        try:
            with open(aside, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(crypto.encrypt(plain, self._secret_key, self.PURPOSE))
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, self.folder / name)
        finally:
            aside.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """The plain bytes; raises ArtefactMissing or crypto.Undecryptable."""
        try:
            sealed = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise ArtefactMissing(name) from None
        return crypto.decrypt(sealed, self._secret_key, self.PURPOSE)

    def delete(self, name: str) -> None:
        """Forgets the artefact; nothing happens when it is gone already."""
        (self.folder / name).unlink(missing_ok=True)
