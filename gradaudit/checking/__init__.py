"""An engineer's own pair of functions: what they are given, and smaller inputs that still fail."""
