"""Verdicts for a person or a program: text, JSON, the document."""
