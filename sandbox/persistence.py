"""Keep moto's state in a folder: one file, replaced atomically, written soon after every change.

What is saved is the attributes of every live moto backend, pickled backend by backend. A reference to
another backend is stored as its name, so that the restored objects point at the living ones. AWS's own
managed policies (1,500 objects that never change) are left out and loaded by moto again.
"""

from __future__ import annotations

import io
import logging
import os
import pickle
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import moto.backends as moto_backends
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy

log = logging.getLogger(__name__)

FORMAT = 2
_FILE = "state.pickle"
_SKIPPED_SERVICES = {"moto_api"}
BackendKey = tuple[str, str, str]  # service, account, region
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_ATTEMPTS = 5
_SAVING_SHARE, _LONGEST_PAUSE = 4.0, 2.0


class StateUnreadable(Exception):
    """The state file cannot be used by this version; the message names the file."""


def _load_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None)


def _load_certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def _restore_dict(cls: type[dict[Any, Any]], attributes: dict[str, Any], items: list[tuple[Any, Any]]) -> Any:
    """A dict subclass whose own __setitem__ must not see the stored items."""
    restored = cls.__new__(cls)
    restored.__dict__.update(attributes)
    for key, value in items:
        dict.__setitem__(restored, key, value)
    return restored


def _managed_policy(account_id: str, arn: str) -> Any:
    return moto_backends.get_backend("iam")[account_id]["aws"].managed_policies.get(arn)


class _Pickler(cloudpickle.Pickler):
    def __init__(self, file: io.BytesIO, names: dict[int, BackendKey]) -> None:
        super().__init__(file)
        self._names = names

    def persistent_id(self, obj: Any) -> tuple[str, ...] | None:
        if isinstance(obj, BaseBackend):
            return ("backend", *self._names[id(obj)])
        if isinstance(obj, BackendDict):
            return ("service", obj.service_name)
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            pem = obj.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _load_key, (pem,)
        if isinstance(obj, x509.Certificate):
            return _load_certificate, (obj.public_bytes(serialization.Encoding.PEM),)
        if isinstance(obj, AWSManagedPolicy):
            return _managed_policy, (obj.account_id, obj.arn)
        if isinstance(obj, weakref.WeakValueDictionary):  # Lambda's functions by ARN
            return weakref.WeakValueDictionary, (dict(obj),)
        if type(obj) is _LOCK:
            return threading.Lock, ()
        if type(obj) is _RLOCK:
            return threading.RLock, ()
        if type(obj).__name__ == "ParameterDict":  # SSM's; its __setitem__ needs what is not yet restored
            return _restore_dict, (type(obj), obj.__dict__, list(dict.items(obj)))
        return super().reducer_override(obj)


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        service = moto_backends.get_backend(pid[1])
        return service if pid[0] == "service" else service[pid[2]][pid[3]]


def _live_backends() -> dict[BackendKey, BaseBackend]:
    return {
        (services.service_name, account, region): backend
        for services in list(BackendDict._instances)
        if services.service_name not in _SKIPPED_SERVICES
        for account, regions in list(dict.items(services))
        for region, backend in list(dict.items(regions))
    }


def _attributes(name: str, backend: BaseBackend) -> dict[str, Any]:
    attributes = dict(backend.__dict__)
    if name == "iam":
        attributes.pop("aws_managed_policies", None)
        attributes["managed_policies"] = {
            arn: policy
            for arn, policy in attributes["managed_policies"].items()
            if not isinstance(policy, AWSManagedPolicy)
        }
    return attributes


def dump(former: Mapping[BackendKey, bytes]) -> dict[BackendKey, bytes]:
    """Every live backend's state. Other threads may change a backend meanwhile: it is then tried again.

    A backend that holds what cannot be pickled keeps its `former` state, and only it: the loss is logged.
    """
    backends = _live_backends()
    names = {id(backend): key for key, backend in backends.items()}
    dumped = {}
    for key, backend in backends.items():
        try:
            dumped[key] = _dump_one(key, backend, names)
        except Exception:
            log.exception("the state of %s cannot be saved", "/".join(key))
            if key in former:
                dumped[key] = former[key]
    return dumped


def _dump_one(key: tuple[str, str, str], backend: BaseBackend, names: dict[int, tuple[str, str, str]]) -> bytes:
    for attempt in range(_ATTEMPTS):
        try:
            buffer = io.BytesIO()
            _Pickler(buffer, names).dump(_attributes(key[0], backend))
            return buffer.getvalue()
        except (RuntimeError, KeyError) as error:  # changed size during iteration, or a backend born meanwhile
            if attempt == _ATTEMPTS - 1:
                raise
            names.update({id(other): name for name, other in _live_backends().items()})
            log.debug("saving %s again: %s", key, error)
    raise AssertionError("unreachable")


def restore(dumped: Mapping[BackendKey, bytes]) -> None:
    for (service, account, region), blob in dumped.items():
        backend = moto_backends.get_backend(service)[account][region]
        attributes = _Unpickler(io.BytesIO(blob)).load()
        if service == "iam":
            attributes["managed_policies"] = {
                **backend.managed_policies,
                **attributes["managed_policies"],
            }
        backend.__dict__.update(attributes)


@dataclass
class Store:
    """The state file of one sandbox and the thread that keeps it fresh.

    `extra` gives what belongs to the sandbox itself (its clock) and is saved beside moto's state;
    `guard` holds the ECS engine's objects still while they are pickled.
    """

    folder: Path
    extra: Callable[[], dict[str, Any]]
    guard: threading.RLock
    debounce_seconds: float = 0.3

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._writing = threading.Lock()
        self._saved: dict[BackendKey, bytes] = {}
        self._thread = threading.Thread(target=self._keep_fresh, name="sandbox-store", daemon=True)

    @property
    def path(self) -> Path:
        return self.folder / _FILE

    def start(self) -> None:
        self._thread.start()

    def load(self) -> dict[str, Any]:
        """Put the saved state back into moto; returns the sandbox's own part, empty where nothing was saved."""
        if not self.path.exists():
            return {}
        try:
            document = pickle.loads(self.path.read_bytes())
        except Exception as error:
            raise StateUnreadable(f"{self.path} cannot be read: {error}") from error
        if document.get("format") != FORMAT:
            raise StateUnreadable(f"{self.path} was written by another version of the sandbox; delete it")
        self._saved = document["backends"]
        restore(self._saved)
        extra: dict[str, Any] = document["extra"]
        return extra

    def mark_changed(self) -> None:
        self._changed.set()

    def save(self) -> None:
        with self._writing:
            self._changed.clear()
            with self.guard:
                self._saved = dump(self._saved)
                document = {"format": FORMAT, "backends": self._saved, "extra": self.extra()}
            unfinished = self.path.with_suffix(".new")
            with unfinished.open("wb") as file:
                pickle.dump(document, file, protocol=pickle.HIGHEST_PROTOCOL)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)

    def close(self) -> None:
        """Stop the thread and save once more."""
        self._closing.set()
        self._changed.set()
        self._thread.join(timeout=10)
        self.save()

    def _keep_fresh(self) -> None:
        pause = self.debounce_seconds
        while not self._closing.is_set():
            self._changed.wait()
            if self._closing.wait(pause):
                return
            began = time.monotonic()
            try:
                self.save()
            except Exception:
                log.exception("the state could not be saved; trying again at the next change")
            # A large state takes its time, and the engine stands still meanwhile: most of the time is the engine's.
            pause = min(max(self.debounce_seconds, _SAVING_SHARE * (time.monotonic() - began)), _LONGEST_PAUSE)
