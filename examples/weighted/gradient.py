"""A right answer to question.toml as a function: gradaudit gradient.py --question question.toml."""


def gradient(X, w, t, c):
    return X.T @ (c * (X @ w - t))
