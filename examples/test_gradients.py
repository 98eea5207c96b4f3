"""A project's own test of its gradients. `pytest --answer softmax.py` gives one for each law."""

import subprocess
import sys
from pathlib import Path

MINE = Path(__file__).with_name("softmax.py")


def test_the_gradients_hold() -> None:
    command = [sys.executable, "-m", "gradaudit", str(MINE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
