"""The tables that we publish, each made anew by one command."""
