"""What an audit costs, in seconds of CPU: `python benchmarks/cost.py ANSWER...`.

Each row is a process of its own and what it started. The last rows divide the audit among the
packages whose functions the time is spent in, by a profile, which slows Python code down more than
what is compiled; an answer's own process is not in them.
"""

import cProfile
import os
import pstats
import subprocess
import sys
import time
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

STEPS = {
    "Python alone": ["-c", "pass"],
    "imports": ["-c", "import gradaudit.answers.reading, gradaudit.answers.verdicts"],
    "an audit in all": ["-m", "gradaudit", *sys.argv[1:]],
}


def seconds(*words: str) -> float:
    """Return the CPU time of a Python process and its children."""
    before = os.times()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def shares() -> Counter[str]:
    """Return the seconds that an audit spends in each package, and in each room of ours."""
    from gradaudit.command import main

    profile = cProfile.Profile(time.process_time)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        profile.runcall(main, sys.argv[1:])
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        parts = Path(file).parts
        if "site-packages" in parts:
            spent[parts[parts.index("site-packages") + 1]] += own
        elif "gradaudit" in parts:
            spent["/".join(parts[len(parts) - 1 - parts[::-1].index("gradaudit") :][:2])] += own
        else:
            spent["compiled and standard library"] += own
    return spent


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name, words in STEPS.items():
        print(f"{seconds(*words):8.2f}  {name}")
    for name, own in shares().most_common(10):
        print(f"{own:8.2f}  {name}")
