"""Terraform and its providers on this machine: where they are, and fetching Terraform where it is missing.

Standard library only, because set-up uses it before any dependency is installed.
"""

import functools
import hashlib
import http.client
import json
import os
import platform
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).resolve().parents[2]
MINIMUM_VERSION = (1, 11)
RELEASE_SITE = "https://releases.hashicorp.com"
REGISTRY_HOST = "registry.terraform.io"

_ATTEMPTS = 3
_READ_TIMEOUT_SECONDS = 30.0
_DOWNLOAD_LIMIT_SECONDS = 600.0
_PROBE_SECONDS = 2.0
_CHUNK = 1 << 20


class ToolchainError(Exception):
    """Terraform or its providers cannot be had; the message says what a person can do."""


@dataclass(frozen=True)
class Terraform:
    """`version` as `terraform version` gives it, such as "1.11.4"; `path` is absolute."""

    path: Path
    version: str


@dataclass(frozen=True)
class Release:
    """A version, and the SHA-256 (hex) of its zip file for each platform of Terraform's naming (linux_amd64)."""

    version: str
    sha256: Mapping[str, str]


# The values of HashiCorp's terraform_1.11.4_SHA256SUMS.
PINNED = Release(
    version="1.11.4",
    sha256={
        "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
        "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
        "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
        "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    },
)

HOW_TO_GET_TERRAFORM = (
    "Slipway needs Terraform 1.11 or later. Install it from https://developer.hashicorp.com/terraform/install "
    "so that it is on PATH, or point SLIPWAY_TERRAFORM_BIN at its binary."
)


# Finding Terraform


def tools_dirs(environ: Mapping[str, str]) -> list[Path]:
    """Where a fetched Terraform is looked for; set-up puts it into the last."""
    data_dir = environ.get("SLIPWAY_DATA_DIR")
    return ([Path(data_dir).absolute() / "tools"] if data_dir else []) + [REPOSITORY / ".venv" / "tools"]


def find_terraform(environ: Mapping[str, str]) -> Terraform:
    """The Terraform to use: SLIPWAY_TERRAFORM_BIN, else `terraform` or `tofu` on PATH, else a fetched one.

    The first that runs and is new enough; one named by the variable must be both. Raises ToolchainError, which
    names every candidate with what is wrong with it.
    """
    named = environ.get("SLIPWAY_TERRAFORM_BIN")
    candidates: list[Path] = []
    if named:
        candidates.append(Path(named).expanduser().absolute())
    else:
        on_path = [shutil.which(name, path=environ.get("PATH")) for name in ("terraform", "tofu")]
        candidates += [Path(found).absolute() for found in on_path if found]
        candidates += [path for tools in tools_dirs(environ) if (path := tools / "terraform").exists()]
    problems = []
    for path in candidates:
        try:
            return check_terraform(path)
        except ToolchainError as error:
            problems.append(str(error))
    raise ToolchainError("\n".join([*problems, HOW_TO_GET_TERRAFORM]))


def check_terraform(path: Path) -> Terraform:
    """The Terraform at `path`; raises ToolchainError where it does not run or is too old."""
    try:
        answer = subprocess.run(
            [str(path), "version", "-json"],
            capture_output=True,
            timeout=20,
            check=True,
            # Its version only: no look for a newer one, no complaint about a person's own configuration.
            env={"PATH": os.defpath, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
        )
        version = str(json.loads(answer.stdout)["terraform_version"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise ToolchainError(f"{path} does not answer `version -json`: {error}") from error
    if parse_version(version) < MINIMUM_VERSION:
        raise ToolchainError(f"{path} is version {version}, too old.")
    return Terraform(path, version)


def parse_version(version: str) -> tuple[int, int]:
    """("1.11.4") -> (1, 11); (0, 0) for what is no version."""
    parts = version.removeprefix("v").split(".")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return (0, 0)
    return int(parts[0]), int(parts[1])


# Fetching Terraform


def this_platform() -> str:
    """This machine in the naming of Terraform's release files."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_" + {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def fetch_terraform(
    base_url: str,
    dest: Path,
    *,
    release: Release = PINNED,
    target: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Download the pinned Terraform from a site laid out as HashiCorp's into the folder `dest`; its path there.

    `BASE/terraform/VERSION/terraform_VERSION_PLATFORM.zip` must have the pinned SHA-256. Network errors, answers
    5xx and files cut short are tried three times; everything else is final. Nothing appears in `dest` unless all
    of it is right. Raises ToolchainError.
    """
    target = target or this_platform()
    expected = release.sha256.get(target)
    if expected is None:
        raise ToolchainError(f"There is no pinned Terraform for {target}. {HOW_TO_GET_TERRAFORM}")
    url = f"{base_url.rstrip('/')}/terraform/{release.version}/terraform_{release.version}_{target}.zip"
    dest.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=dest, prefix=".fetch-") as folder:
        archive = Path(folder) / "terraform.zip"
        _download(url, archive, sleep)
        with archive.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise ToolchainError(
                f"{url} is not the file that was pinned (SHA-256 {actual}, expected {expected}); it was not used. "
                + HOW_TO_GET_TERRAFORM
            )
        unpacked = Path(folder) / "terraform"
        with zipfile.ZipFile(archive) as contents, contents.open("terraform") as source, unpacked.open("wb") as out:
            shutil.copyfileobj(source, out)
        unpacked.chmod(0o755)
        return unpacked.replace(dest / "terraform")


class _Passing(Exception):
    """A failure that may be gone at the next try."""


def _download(url: str, path: Path, sleep: Callable[[float], None]) -> None:
    reason = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(2.0**attempt)
        try:
            _download_once(url, path)
        except _Passing as error:
            reason = str(error)
        else:
            return
    raise ToolchainError(f"{url} could not be fetched ({reason}). {HOW_TO_GET_TERRAFORM}")


def _download_once(url: str, path: Path) -> None:
    give_up_at = time.monotonic() + _DOWNLOAD_LIMIT_SECONDS
    try:
        answer = urllib.request.urlopen(url, timeout=_READ_TIMEOUT_SECONDS)  # noqa: S310  HashiCorp's address
        with answer as response, path.open("wb") as out:
            expected = response.headers.get("Content-Length")
            while chunk := response.read(_CHUNK):
                out.write(chunk)
                if time.monotonic() > give_up_at:
                    raise _Passing(f"it took longer than {_DOWNLOAD_LIMIT_SECONDS:.0f} s")
    except urllib.error.HTTPError as error:
        if error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Passing(f"status {error.code}") from error
        raise ToolchainError(f"{url} answers {error.code} {error.reason}. {HOW_TO_GET_TERRAFORM}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Passing(str(error)) from error
    if expected is not None and path.stat().st_size != int(expected):
        raise _Passing(f"cut short, {path.stat().st_size} of {expected} bytes")


# Providers


@dataclass(frozen=True)
class Mirror:
    """A filesystem mirror of providers: a folder that holds `registry.terraform.io/`, and why it is used."""

    path: Path
    reason: str


def find_mirror(
    environ: Mapping[str, str],
    *,
    roots: Sequence[Path] | None = None,
    reachable: Callable[[], bool] | None = None,
) -> Mirror | None:
    """The filesystem mirror to install providers from; None: from the registry.

    SLIPWAY_TERRAFORM_MIRROR, else, only where the registry cannot be reached, the first of `search_roots` that
    holds the AWS provider. Raises ToolchainError where the variable names a folder that is no mirror.
    """
    if named := environ.get("SLIPWAY_TERRAFORM_MIRROR"):
        path = Path(named).expanduser().absolute()
        if not (path / REGISTRY_HOST).is_dir():
            raise ToolchainError(
                f"SLIPWAY_TERRAFORM_MIRROR is {named}, which holds no folder {REGISTRY_HOST}. "
                "`terraform providers mirror FOLDER` makes one."
            )
        return Mirror(path, f"Providers come from {path}, as SLIPWAY_TERRAFORM_MIRROR says.")
    if (reachable or registry_reachable)():
        return None
    for root in search_roots(environ) if roots is None else roots:
        if (root / REGISTRY_HOST / "hashicorp" / "aws").is_dir():
            reason = f"{REGISTRY_HOST} cannot be reached: providers come from the mirror found at {root}."
            return Mirror(root, reason)
    return None


def search_roots(environ: Mapping[str, str]) -> list[Path]:
    """Where a mirror may lie: Terraform's implied mirror folders, then the folders of add-on software.

    The first group is that of https://developer.hashicorp.com/terraform/cli/config/config-file, "Implied Local
    Mirror Directories".
    """
    home = Path(environ.get("HOME") or Path.home())
    data_home = environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    implied = [Path(folder) / "terraform" / "plugins" for folder in (data_home, *data_dirs) if folder]
    return [home / ".terraform.d" / "plugins", *implied, *_add_on_folders()]


def _add_on_folders() -> Iterator[Path]:
    """hier(7) and the FHS: add-on packages in /opt, a site's served data in /srv."""
    for parent in (Path("/opt"), Path("/srv"), Path("/usr/local/lib")):
        yield parent
        try:
            yield from sorted(folder for folder in parent.iterdir() if folder.is_dir())
        except OSError:
            continue


@functools.cache
def registry_reachable(url: str = f"https://{REGISTRY_HOST}/.well-known/terraform.json") -> bool:
    """Does the registry answer within two seconds? Asked once in a process, proxies as the environment has them."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=_PROBE_SECONDS) as response:  # noqa: S310  the registry's
                answers.append(response.status == http.HTTPStatus.OK)
        except (OSError, http.client.HTTPException):
            pass

    # A thread, because resolving a name has a patience of its own, which no time-out shortens.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PROBE_SECONDS)
    return answers == [True]


def cli_config(mirror: Mirror | None, plugin_cache: Path) -> str:
    """The text of Terraform's CLI configuration file (TF_CLI_CONFIG_FILE) for runs.

    With a mirror the registry is not asked at all; its unpacked providers are linked, not copied. Without one,
    downloaded providers are kept in `plugin_cache`, which must exist.
    """
    if mirror is None:
        return f"disable_checkpoint = true\nplugin_cache_dir   = {_quoted(plugin_cache)}\n"
    return f"""disable_checkpoint = true

provider_installation {{
  filesystem_mirror {{
    path    = {_quoted(mirror.path)}
    include = ["{REGISTRY_HOST}/*/*"]
  }}
  direct {{
    exclude = ["{REGISTRY_HOST}/*/*"]
  }}
}}
"""


def listed_cli_config(mirror: Mirror | None, providers: Iterable[str]) -> str:
    """The same for code that may use nothing but the listed providers (NAMESPACE/TYPE, or with a host before it).

    Terraform itself then installs no other. There is no cache: what one run leaves in it, another would run.
    """
    listed = sorted(each if each.count("/") == 2 else f"{REGISTRY_HOST}/{each}" for each in providers)
    way = "direct {" if mirror is None else f"filesystem_mirror {{\n    path    = {_quoted(mirror.path)}"
    return f"""disable_checkpoint = true

provider_installation {{
  {way}
    include = {json.dumps(listed)}
  }}
}}
"""


def _quoted(path: Path) -> str:
    """A path as a string of HCL."""
    return json.dumps(str(path), ensure_ascii=False)
