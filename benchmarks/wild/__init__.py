"""Real hand-written derivatives of installed libraries, each checked against its function.

Run: python -m benchmarks.wild [LIBRARY ...], where a library is a module of this package.
"""
