"""The command, run in this process: most of what it does needs no other."""

import io
import subprocess
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from gradaudit.command import main


def gradaudit(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, with the inputs that are drawn in it."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr("gradaudit.judging.domains.draw_settings", lambda examples: None)
        code = main(words)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
