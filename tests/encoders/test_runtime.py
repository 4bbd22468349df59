"""Nothing is recorded about the user by ONNX Runtime, and nothing is sent."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

USE_THE_EAR = """
import numpy as np
from bowerbird.encoders.ear.encoder import EarEncoder
EarEncoder().encode([np.sin(np.arange(32_000, dtype=np.float32) / 20)])
"""
INDEX = "import sys; from bowerbird.__main__ import main; sys.exit(main(['index', sys.argv[1]]))"


@pytest.mark.parametrize("program", [USE_THE_EAR, INDEX], ids=["one process", "worker processes"])
def test_loading_the_ear_writes_nothing_outside_bowerbirds_own_folder(tmp_path, program):
    home, sounds = tmp_path / "home", tmp_path / "sounds"
    home.mkdir()
    sounds.mkdir()
    soundfile.write(sounds / "tone.wav", np.sin(np.arange(16_000) / 20) / 2, 16_000)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment.pop("CI", None)  # the telemetry hides from continuous integration
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "BOWERBIRD_HOME": str(home / "bowerbird")}
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", program, str(sounds)], check=True, env=environment, cwd=tmp_path)
    written = {path.relative_to(home).parts[0] for path in home.rglob("*")}
    assert written <= {"bowerbird"}
