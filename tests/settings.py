"""The product's settings over a data folder of the test run's own.

Redis and the sandbox get their ports here and are started by fixtures (tests/conftest.py), for the tests that
name them; child processes find everything through the same environment variables. Where tests run in parallel
(pytest-xdist), each worker loads this file for itself and shares nothing with the others.
"""

import atexit
import os
import shutil
import socket
import tempfile

_folder = tempfile.mkdtemp(prefix="slipway-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


os.environ["SLIPWAY_DATA_DIR"] = _folder
os.environ["REDIS_URL"] = f"redis://127.0.0.1:{_free_port()}/0"
os.environ["SLIPWAY_AWS"] = "sandbox"
os.environ["SLIPWAY_SANDBOX_URL"] = f"http://127.0.0.1:{_free_port()}"
os.environ["SLIPWAY_TIME_SCALE"] = "50"
os.environ["SLIPWAY_LEASE_SECONDS"] = "2"
os.environ["SLIPWAY_SECRET_KEY"] = "only-for-tests-0123456789abcdefghijklmnop"
os.environ["SLIPWAY_HOSTS"] = "localhost,127.0.0.1,testserver"

from controlplane.settings import *
from controlplane.settings import DATA_DIR, DATABASES

_worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # The file that child processes open as their ordinary database.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "db.sqlite3")}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_slipway_{_worker}"}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SLIPWAY_REAL_CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": None}]},
    }
}
