"""A real git repository of Terraform code, trusted, and an environment that names it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import System, User
from environments_app import schema
from environments_app.models import ConfigVersion, Environment, TrustedSource
from environments_app.services import configs, sources
from tests import factories

ROOTS = Path(__file__).parent / "terraform"


def git(folder: Path, *arguments: str) -> str:
    """What git says; as an author of no name."""
    author = ("-c", "user.name=author", "-c", "user.email=author@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Repository:
    """A repository on this machine, which the tests' operator allows (SLIPWAY_TERRAFORM_FOLDERS)."""

    folder: Path

    @property
    def source(self) -> str:
        return f"file://{self.folder}"

    def commit(self, why: str = "a change") -> str:
        """Commits all there is; the commit's id."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "-m", why)
        return git(self.folder, "rev-parse", "HEAD")


def repository(folder: Path, *, like: str = "") -> Repository:
    """A new repository with the branch main, its files those of a folder of tests/terraform."""
    if like:
        shutil.copytree(ROOTS / like, folder)
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    made = Repository(folder)
    made.commit("first")
    return made


def administrator() -> User:
    return factories.user(is_superuser=True)


def trust(system: System, source: str, reference: str = "main") -> TrustedSource:
    trusted = sources.trust(Actor.person(administrator()), system, source, reference, "ours")
    assert isinstance(trusted, TrustedSource), trusted
    return trusted


def document(source: str, **own: Any) -> dict[str, Any]:
    """A configuration with nothing but its own Terraform."""
    reference = None if source.startswith("/") else "main"
    return {"region": "us-east-1", "terraform": {"source": source, "reference": reference, **own}}


def environment(source: str, **own: Any) -> Environment:
    """An environment of a new system whose configuration names the source."""
    made = Environment.objects.create(system=factories.system(), slug="production", tier="production")
    actor = Actor.slipway("factory")
    configs.save_protection(actor, made, schema.Protection(), reason="factory")
    saved = configs.save_config(actor, made, document(source, **own), based_on=0, reason="factory")
    assert isinstance(saved, ConfigVersion), saved
    return made


@pytest.fixture
def allowed(tmp_path: Path, settings: Any) -> Path:
    """A folder that the operator allows as a place of sources."""
    settings.SLIPWAY_TERRAFORM_FOLDERS = [tmp_path / "allowed"]
    (tmp_path / "allowed").mkdir()
    return tmp_path / "allowed"
