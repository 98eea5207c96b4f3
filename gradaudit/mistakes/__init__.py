"""What goes wrong: known mistakes, the diagnosis of a wrong answer, the exam, the lint."""
