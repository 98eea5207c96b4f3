"""Who asks and who tells: reads an answer, runs the laws on it, tells a person or a program."""
