"""What is claimed: each model, its loss and its hand-derived gradient. NumPy only, no autodiff.

Every function is generic over dtype: it runs on float64 arrays, and on object arrays of exact
rationals or rigorous balls just the same.
"""
