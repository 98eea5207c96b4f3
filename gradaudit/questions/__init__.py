"""What is asked: the assignment's models, losses and data, and the inputs of its functions."""
