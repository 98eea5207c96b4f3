"""What can come of computing something, instead of a value."""


class NoValue(Exception):
    """There is no value at this input; the message says why."""


class CannotTell(Exception):
    """Whether something holds at this input cannot be told; the message says why."""
