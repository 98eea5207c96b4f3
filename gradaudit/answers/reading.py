"""Reading answers: a file becomes parts, with the laws that each owes. Raises Unreadable."""

import difflib

from gradaudit.answers.parts import FUNCTIONS, Answer, Part, of_function
from gradaudit.answers.process import Process, RemoteFunction
from gradaudit.answers.tables import content_of, read_toml


def read(path: str) -> Answer:
    """Read an answer: TOML, or a Python file if its name ends in .py. Raises Unreadable."""
    if path.endswith(".py"):
        content_of(path)
        return read_python(path)
    return read_toml(path)


def read_python(path: str) -> Answer:
    """Read a Python answer: import it in a process of its own. Raises Unreadable."""
    process = Process(path, list(FUNCTIONS))
    process.close()
    parts, malformed, remotes = {}, [], []
    for name, (part, count, laws) in FUNCTIONS.items():
        if name not in process.functions:
            continue
        if not process.functions[name]:
            malformed.append(f"{name}: a function is wanted")
            parts[part] = Part(untested=malformed[-1])
            continue
        remote = RemoteFunction(path, name, count)
        remotes.append(remote)
        parts[part] = of_function(part, laws, remote)
    if not parts:
        wanted = ", ".join(FUNCTIONS)
        near = [n for n in process.names if difflib.get_close_matches(n, FUNCTIONS, 1, 0.7)]
        hint = f" (found {near[0]})" if near else ""
        malformed.append(f"it defines none of {wanted}{hint}")
    return Answer(path, parts, tuple(malformed), tuple(remotes))
