"""What any answer owes: the question as formulas, inputs, oracles, and the laws.

Nothing here imports `analytic`: the function, formula or numbers judged are always an argument.
"""
