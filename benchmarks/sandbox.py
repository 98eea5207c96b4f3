"""What a sandbox costs: `python -m benchmarks.sandbox [ANSWERS]`.

For each sandbox that there is: how long an answer waits until it is imported, by a process that is
started for it, or that was started ahead; and how long a call takes. Each is the median of some
answers, and in brackets how many times that is of the same without a sandbox, in the same run.
"""

import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from gradaudit.answers import sandbox
from gradaudit.answers.preflight import fault_of
from gradaudit.answers.process import Process, RemoteFunction
from gradaudit.answers.sandbox import RUNGS, Sandbox

ANSWER = "import numpy as np\ndef converges(eta):\n    return bool(0 < np.float64(eta) < 0.2)\n"
CALLS = 1000


def seconds(of: Callable[[], object]) -> float:
    started = time.perf_counter()
    of()
    return time.perf_counter() - started


def costs(place: Sandbox, file: str, *, ahead: bool) -> tuple[float, float]:
    """Return how long an answer waits until it is imported, and how long a call takes."""
    sandbox.close_spare()
    if ahead:
        sandbox.take(place).close()
        (waiting,) = sandbox.spare.values()
        waiting.control.recv(1, socket.MSG_PEEK)  # until it is ready
    answer = Process(file, {"converges": 1}, place)
    waited = seconds(answer.start)
    sandbox.close_spare()
    function = RemoteFunction(answer, "converges")
    function.call([0.1])
    called = seconds(lambda: [function.call([k / CALLS]) for k in range(CALLS)])
    answer.close()
    return waited, called / CALLS


def main(answers: int) -> None:
    rows = {"no sandbox": (Sandbox(), False)}
    for rung in RUNGS:
        if fault := fault_of(Sandbox(rung, strangers=True)):
            print(f"{rung}: {fault}")
            continue
        rows[f"{rung}, one's own code"] = (Sandbox(rung), False)
        rows[f"{rung}, a stranger's"] = (Sandbox(rung, strangers=True), False)
        rows[f"{rung}, a stranger's, ahead"] = (Sandbox(rung, strangers=True), True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "answer.py")
        file.write_text(ANSWER, encoding="utf-8")
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in rows}
        for _ in range(answers):
            for name, (place, ahead) in rows.items():
                found[name].append(costs(place, str(file), ahead=ahead))
    middle = {name: [*map(median, zip(*each, strict=True))] for name, each in found.items()}
    print(f"{'until it is imported':>48}{'a call':>20}")
    for name, (waited, called) in middle.items():
        first, second = middle["no sandbox"]
        start = f"{1e3 * waited:.0f} ms ({waited / first:.2f})"
        print(f"{name:30}{start:>18}{f'{1e3 * called:.3f} ms ({called / second:.2f})':>20}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
