"""Real processes behind walls that the kernel holds: what lies outside is not opened, read or signalled."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.lib.guard import walls
from controlplane.lib.process import Command, Process, Walls

pytestmark = pytest.mark.skipif(
    walls.version() < walls.LEAST, reason="this machine's kernel has no Landlock, or forbids it"
)
SYSTEM = (Path("/usr"), Path("/lib"), Path("/lib64"), Path("/bin"), Path(sys.base_prefix), Path(sys.prefix))
REFUSALS = {errno.EACCES, errno.EPERM, errno.EXDEV}


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("the neighbour's secret")
    return tmp_path / "inside"


@pytest.fixture
def neighbour() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the same user, with something to hide."""
    environment = {"PATH": os.environ["PATH"], "SECRET": "the neighbour's secret"}
    with subprocess.Popen(["sleep", "600"], env=environment) as process:
        yield process
        process.kill()


def said(inside: Path, code: str, *arguments: object) -> str:
    """What a walled Python prints that runs the code."""
    seen: list[bytes] = []
    argv = (sys.executable, "-IS", "-c", code, *map(str, arguments))
    process = Process(Command(argv, inside, {"PATH": os.environ["PATH"]}, walls=Walls(SYSTEM, (inside,))))
    assert process.run(seen.append, timeout=30).ok, seen
    return b"".join(seen).decode()


def attempt(code: str) -> str:
    """Python that says "refused" where the kernel refused what it tries."""
    tried = f"try:\n    {code}\nexcept OSError as error:\n"
    return f"import errno, os, sys\n{tried}    print('refused' if error.errno in {REFUSALS} else error)\n"


def test_its_own_folder_is_its_own(inside: Path) -> None:
    code = "import os; os.mkdir('a'); open('a/b', 'w').write('kept'); os.rename('a/b', 'c'); print(open('c').read())"
    assert said(inside, code) == "kept\n"


@pytest.mark.parametrize(
    "code",
    [
        "print(open('../outside/secret').read())",
        "print(os.listdir('../outside'))",
        "open('../outside/new', 'w')",
        "open('../outside/secret', 'a')",
        "os.remove('../outside/secret')",
        "os.truncate('../outside/secret', 0)",
        "os.link('../outside/secret', 'mine'); print(open('mine').read())",
        "os.symlink('../outside/secret', 'mine'); print(open('mine').read())",
        "os.mkdir('../outside/more')",
        "print(open('/proc/self/environ').read())",
        "import subprocess; subprocess.run([sys.executable], cwd='.', executable='../outside/secret')",
    ],
)
def test_what_lies_outside_is_refused(inside: Path, code: str) -> None:
    assert said(inside, attempt(code)) == "refused\n"
    assert (inside.parent / "outside" / "secret").read_text() == "the neighbour's secret"


def test_what_it_starts_is_behind_the_same_walls(inside: Path) -> None:
    code = "import subprocess; print(subprocess.run(['cat', '../outside/secret'], capture_output=True).stderr.decode())"
    assert "Permission denied" in said(inside, code)


@pytest.mark.parametrize("name", ["environ", "maps", "mem", "cwd/", "root/"])
def test_a_process_of_the_same_user_is_not_read(inside: Path, name: str) -> None:
    """Even where /proc itself may be opened: ptrace's rules guard what is another's (from all but root)."""
    user = 61999 if os.geteuid() == 0 else None
    walled = Walls((*SYSTEM, Path("/proc")), (inside,))
    with subprocess.Popen(["sleep", "600"], env={"SECRET": "the neighbour's"}, user=user) as neighbour:
        place = f"/proc/{neighbour.pid}/{name}"
        argv = ("ls" if name.endswith("/") else "cat", place)
        seen: list[bytes] = []
        command = Command(argv, Path("/"), {"PATH": os.environ["PATH"], "LC_ALL": "C"}, user=user, walls=walled)
        assert not Process(command).run(seen.append, timeout=30).ok
        neighbour.kill()
    assert b"Permission denied" in b"".join(seen)


@pytest.mark.skipif(walls.version() < 6, reason="this machine's kernel cannot keep signals inside (Linux 6.12)")
def test_a_process_of_the_same_user_is_not_signalled(inside: Path, neighbour: subprocess.Popen[bytes]) -> None:
    assert said(inside, attempt("os.kill(int(sys.argv[1]), 9)"), neighbour.pid) == "refused\n"
    assert neighbour.poll() is None


def test_where_the_walls_cannot_be_put_up_nothing_runs(inside: Path) -> None:
    """A file cannot be a folder that is written to: the kernel's refusal ends the program before it begins."""
    (inside / "ran").unlink(missing_ok=True)
    seen: list[bytes] = []
    command = Command(("touch", "ran"), inside, {"PATH": os.environ["PATH"]}, walls=Walls((Path("\0"),), (inside,)))
    assert Process(command).run(seen.append, timeout=30).code != 0
    assert not (inside / "ran").exists()
