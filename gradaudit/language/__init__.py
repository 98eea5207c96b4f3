"""A formula: text, checked tree, and values in rationals, balls, duals or floats."""
