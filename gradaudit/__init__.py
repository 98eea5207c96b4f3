"""gradaudit: a property-based verification suite for hand-derived gradients."""

__version__ = "0.2.0"
