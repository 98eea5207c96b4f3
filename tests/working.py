"""Work that goes wrong, for workers of a class: they import it by name."""

import os
import re
import signal
from pathlib import Path

from gradaudit.classroom.records import Task, record_of

KILLS = b"# kills its worker"
KILLS_ONCE = re.compile(rb"# kills its worker once: (.*)\n")


def work(task: Task) -> str:
    """Judge a task, or end this process if its content asks for it."""
    content = b"".join(one for _, one in task.files)
    if found := KILLS_ONCE.search(content):
        marker = Path(os.fsdecode(found[1]))
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    elif KILLS in content:
        os.kill(os.getpid(), signal.SIGKILL)
    return record_of(task)
