"""What any answer owes, and how the truth is known: laws, oracles, hard inputs, derivations."""
