"""What rests in the data folder (plans, states, logs, the key) is readable by its owner only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("was_there", [False, True])
def test_the_folder_is_closed_to_others_when_slipway_starts(tmp_path: Path, was_there: bool) -> None:
    folder = tmp_path / "deep" / "data"
    if was_there:
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    subprocess.run(
        [sys.executable, "-c", "import controlplane.settings"],
        env={**os.environ, "SLIPWAY_DATA_DIR": str(folder), "SLIPWAY_SECRET_KEY": ""},
        check=True,
    )
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
