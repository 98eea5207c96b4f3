"""A file becomes parts, the parts get verdicts; strangers' code runs in a process of its own."""
