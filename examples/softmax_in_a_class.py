"""A model in a class: its methods are checked as they are."""

import numpy as np

from gradaudit import check_gradient


class SoftmaxRegression:
    def __init__(self, penalty):
        self.penalty = penalty

    def _probabilities(self, W, X):
        scores = X @ W
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    def loss(self, W, X, y):
        chosen = self._probabilities(W, X)[np.arange(len(y)), y]
        return -np.mean(np.log(chosen)) + self.penalty * np.sum(W * W)

    def gradient(self, W, X, y):
        errors = self._probabilities(W, X)
        errors[np.arange(len(y)), y] -= 1
        return X.T @ errors / len(y) + 2 * self.penalty * W


if __name__ == "__main__":
    model = SoftmaxRegression(penalty=0.1)
    inputs = "W: [d,k], X: [n,d], y: int[n] < k"
    print(check_gradient(model.loss, model.gradient, inputs=inputs, wrt="W"))
