"""Right derivations, written as people write them: none may be refused.

Each is a part, the names that it defines, and its lines.
"""

Derivation = tuple[str, list[str], list[str]]

RIGHT: dict[str, Derivation] = {
    # Question 2, any targets
    "from the quotient, without softmax": (
        "q2.gradient",
        ["s = sum(exp(y[k]) for k in K)"],
        [
            "d(-sum(t[k] * log(exp(y[k]) / s) for k in K), y[i])",
            "d(-sum(t[k] * (y[k] - log(s)) for k in K), y[i])",
            "d(-sum(t[k] * y[k] for k in K) + sum(t) * log(s), y[i])",
            "-t[i] + sum(t) * exp(y[i]) / s",
        ],
    ),
    "through the log-sum-exp": (
        "q2.gradient",
        ["lse = log(sum(exp(y)))"],
        [
            "d(E, y[i])",
            "d(sum(t * (lse - y)), y[i])",
            "sum(t) * d(lse, y[i]) - t[i]",
            "sum(t) * exp(y[i] - lse) - t[i]",
        ],
    ),
    "with a maximum that cancels": (
        "q2.gradient",
        ["p = exp(y - max(y))/sum(exp(y - max(y)))", "m = max(y)"],
        [
            "d(E, y[i])",
            "d(sum(t)*(m + log(sum(exp(y - m)))) - sum(t*y), y[i])",
            "-sum(t[k]/p[k]*d(p[k], y[i]) for k in K)",
            "p[i]*sum(t) - t[i]",
        ],
    ),
    "the case k = i apart": (
        "q2.gradient",
        ["p = softmax(y)"],
        [
            "-sum(t[k] / p[k] * d(p[k], y[i]) for k in K)",
            "-t[i] * (1 - p[i]) + sum((k != i) * t[k] * p[i] for k in K)",
            "-t[i] + t[i] * p[i] + p[i] * sum((k != i) * t[k] for k in K)",
            "p[i] * (t[i] + sum((k != i) * t[k] for k in K)) - t[i]",
            "p[i] * sum(t) - t[i]",
        ],
    ),
    "with vectors and the Jacobian as a matrix": (
        "q2.gradient",
        ["p = softmax(y)"],
        [
            "d(E, y)",
            "(t / p) @ outer(p, p) - t / p * p",
            "(t / p) @ outer(p, p) - t",
            "p * sum(t / p * p) - t",
            "p * sum(t) - t",
        ],
    ),
    "entries first, the whole vector last": (
        "q2.gradient",
        [],
        ["d(E, y[i])", "softmax(y)[i] * sum(t) - t[i]", "softmax(y) * sum(t) - t"],
    ),
    "the whole vector first, entries last": (
        "q2.gradient",
        ["g = softmax(y) * sum(t) - t"],
        ["d(E, y)", "g", "g[i]", "softmax(y)[i] * sum(t[k] for k in K) - t[i]"],
    ),
    "shifted logits": (
        "q2.gradient",
        ["u = y - max(y)", "p = exp(u) / sum(exp(u))"],
        ["d(E, y[i])", "p[i] * sum(t) - t[i]"],
    ),
    "an assumption at the end": (
        "q2.gradient",
        ["p = softmax(y)"],
        ["d(E, y[i])", "p[i] * sum(t) - t[i]", "p[i] - t[i] when sum(t) == 1"],
    ),
    "an assumption that is used two lines below": (
        "q2.gradient",
        ["p = softmax(y)"],
        [
            "d(E, y[i])",
            "p[i] * sum(t) - t[i]",
            "p[i] * sum(t) - t[i] when sum(t) == 1",
            "p[i] - t[i] when n > 0",
        ],
    ),
    "two assumptions, the second for one class": (
        "q2.gradient",
        ["p = softmax(y)"],
        [
            "d(E, y[i])",
            "p[i] * sum(t) - t[i]",
            "p[i] - t[i] when sum(t) == 1",
            "p[i] when t[i] == 0",
        ],
    ),
    "two classes as a sigmoid": (
        "q2.gradient",
        [],
        [
            "softmax(y)[i] * sum(t) - t[i]",
            "sum(t) / (1 + exp(y[1 - i] - y[i])) - t[i] when n == 2",
        ],
    ),
    "nested sums with the free index bound": (
        "q2.gradient",
        ["p = softmax(y)"],
        [
            "d(-sum(t[i] * log(p[i]) for i in K), y[i])",
            "sum(sum(t[m] * p[i] for m in K) * delta(k, i) for k in K) - t[i]",
            "sum(t[m] * p[k] * (k == i) for k in K for m in K) - t[i]",
        ],
    ),
    "a detour that ends where it began": (
        "q2.gradient",
        ["p = softmax(y)"],
        ["p[i] * sum(t) - t[i]", "d(E, y[i])", "(p[i] * sum(t) - t[i]) * 2 / 2"],
    ),
    "a name with the free index in it": (
        "q2.gradient",
        ["p_i = softmax(y)[i]", "rest = sum(t) - t[i]"],
        ["d(E, y[i])", "p_i * (t[i] + rest) - t[i]", "p_i * rest - t[i] * (1 - p_i)"],
    ),
    "divided by what is 0 for one class only": (
        "q2.gradient",
        ["p = softmax(y)"],
        [
            "d(E, y[i])",
            "p[i] * (1 - p[i]) * sum(t) / (1 - p[i]) - t[i]",
            "p[i] * sum(t) - t[i]",
        ],
    ),
    "a mean times n": (
        "q2.gradient",
        ["mean = sum(t) / n"],
        ["d(E, y[i])", "n * softmax(y)[i] * mean - t[i]"],
    ),
    "a name with the free index inside of a sum that binds its letter": (
        "q2.gradient",
        ["p = softmax(y)", "g = p[i]", "q = sum(g for i in K)"],
        ["d(E, y[i])", "sum(g * t[i] for i in K) - t[i]", "q * sum(t) / n - t[i]"],
    ),
    "a constant where something is assumed": (
        "q2.gradient",
        ["p = softmax(y)"],
        ["p*sum(t) - t", "0 when n == 1"],
    ),
    "a whole vector with a gap where nothing is said": (
        "q2.gradient",
        ["p = softmax(y)"],
        ["p*sum(t) - t", "p*sum(t) - exp(log(t)) when t[i] > 0", "p*sum(t) - t*t/t when t[i] > 1"],
    ),
    "an entry of an array with gaps": (
        "q2.gradient",
        ["p = softmax(y)", "r = p / t"],
        [
            "p[i]*sum(t) - t[i]",
            "(p[i]/t[i]*sum(t) - 1)*t[i] when t[i] != 0",
            "(r[i]*sum(t) - 1)*t[i] when n > 0",
            "((p/t)[i]*sum(t) - 1)*t[i] when n > 0",
        ],
    ),
    "a comparison beside a gap": (
        "q2.gradient",
        ["p = softmax(y)", "u = 1/y"],
        [
            "p*sum(t) - t",
            "(p*sum(t) - t)*y*u when y[i] != 0",
            "(p*sum(t) - t)*(y*u > 0) when n > 0",
        ],
    ),
    # Question 2, one-hot targets
    "the log of the true class only": (
        "q2.one_hot",
        ["p = softmax(y)"],
        ["d(-log(p[c]), y[i])", "-(delta(i, c) - p[i])", "p[i] - (i == c)"],
    ),
    "by cases": (
        "q2.one_hot",
        ["p = softmax(y)"],
        ["d(E, y[i])", "(i == c) * (p[i] - 1) + (i != c) * p[i]", "p[i] - t[i]"],
    ),
    "the log-sum-exp less the logit of the true class": (
        "q2.one_hot",
        [],
        [
            "d(log(sum(exp(y))) - y[c], y[i])",
            "exp(y[i]) / sum(exp(y)) - delta(c, i)",
            "softmax(y) - t",
        ],
    ),
    "for the true class only, in the end": (
        "q2.one_hot",
        ["p = softmax(y)"],
        ["d(E, y[i])", "p[i] - t[i]", "p[i] - 1 when i == c", "p[c] - 1 when i == c"],
    ),
    # Question 1
    "matrices only": (
        "q1.derivation.W1",
        ["m = z > 0", "s = outer(e, w2) * m"],
        ["d(L, W1)", "X.T @ s", "X.T @ (outer(e, w2) * (h > 0))", "(s.T @ X).T"],
    ),
    "the loss written out": (
        "q1.derivation.W1",
        [],
        [
            "d(sum((y[k] - t[k])**2 for k in N) / 2, W1[a,j])",
            "sum((y[k] - t[k]) * d(y[k], W1[a,j]) for k in N)",
            "sum((y[k] - t[k]) * sum(w2[m] * d(h[k,m], W1[a,j]) for m in H) for k in N)",
            "sum(e[k] * sum(w2[m] * (z[k,m] > 0) * delta(m, j) * X[k,a] for m in H) for k in N)",
            "sum(e[k] * w2[j] * (z[k,j] > 0) * X[k,a] for k in N)",
        ],
    ),
    "the pre-activation written out": (
        "q1.derivation.W1",
        ["v = sum(X[0,a] * W1[a,j] for a in A)"],
        [
            "sum(e[k] * w2[j] * d(relu(sum(X[k,b] * W1[b,j] for b in A) + b1[j]), W1[a,j])"
            " for k in N)",
            "sum(e[k] * w2[j] * (h[k,j] > 0) * X[k,a] for k in N)",
        ],
    ),
    "a column of the inputs": (
        "q1.derivation.W1",
        ["u = e * w2[j] * (z[:,j] > 0)"],
        ["d(L, W1[a,j])", "X[:,a] @ u", "sum(X[:,a] * u)", "u @ X[:,a]"],
    ),
    "the mask as half of one and a sign": (
        "q1.derivation.W1",
        [],
        [
            "d(L, W1[a,j])",
            "sum(e[k] * w2[j] * (1 + z[k,j] / abs(z[k,j])) / 2 * X[k,a] for k in N)",
        ],
    ),
    "the activation over the pre-activation": (
        "q1.derivation.b1",
        [],
        ["d(L, b1)", "w2 * (e @ (h / z))", "w2 * sum(h / z * outer(e, w2*0 + 1), axis=0)"],
    ),
    "a bias as the weight of an input of one": (
        "q1.derivation.b1",
        ["delta_k = outer(e, w2) * (z > 0)"],
        [
            "d(L, b1[j])",
            "sum(delta_k[k,j] * 1 for k in N)",
            "sum(delta_k[:,j])",
            "sum(delta_k, axis=0)",
        ],
    ),
    "where the weight is not zero": (
        "q1.derivation.b1",
        [],
        [
            "d(L, b1[j])",
            "sum(e[k] * w2[j] * (z[k,j] > 0) for k in N)",
            "sum(e[k] * (z[k,j] > 0) for k in N) * w2[j]**2 / w2[j] when w2[j] != 0",
        ],
    ),
    "with the strict and the weak mask": (
        "q1.derivation.b1",
        [],
        [
            "sum(e[k] * w2[j] * (z[k,j] > 0) for k in N)",
            "sum(e[k] * w2[j] * (z[k,j] >= 0) for k in N)",
        ],
    ),
    "the outputs written out": (
        "q1.derivation.w2",
        [],
        [
            "d(sum((sum(h[k,m] * w2[m] for m in H) + b2 - t[k])**2 for k in N) / 2, w2[j])",
            "sum((sum(h[k,m] * w2[m] for m in H) + b2 - t[k]) * h[k,j] for k in N)",
            "sum(h[k,j] * e[k] for k in N)",
            "e @ h",
        ],
    ),
    "the weights of the output as a product from the left": (
        "q1.derivation.w2",
        [],
        ["d(L, w2)", "h.T @ (y - t)", "(y - t) @ h", "e @ (z * (z > 0))"],
    ),
    "all of it in one line": (
        "q1.derivation.w2",
        [],
        ["relu(X @ W1 + b1).T @ (relu(X @ W1 + b1) @ w2 + b2 - t)"],
    ),
    "an unbiased mean, which one sample has not": (
        "q1.derivation.b2",
        ["mean = sum(e) / (n - 1)"],
        ["d(L, b2)", "(n - 1) * mean", "sum(e)"],
    ),
    "every entry for itself, where there are so many": (
        "q1.derivation.b2",
        [],
        ["d(L, b2)", "sum(e)", "e[0] + e[1] + e[2] + e[3] when n == 4"],
    ),
    "n times the mean error": (
        "q1.derivation.b2",
        ["mean = sum(e) / n"],
        ["d(L, b2)", "n * mean", "sum(y) - sum(t)", "sum(y[k] - t[k] for k in N)"],
    ),
    "half of two": (
        "q1.derivation.b2",
        [],
        ["d(sum(e * e) / 2, b2)", "sum(2 * e[k] / 2 for k in N)", "e @ (0 * e + 1)"],
    ),
    # Question 3
    "two inequalities": (
        "q3.converges",
        [],
        [
            "abs(1 - 10*eta) < 1",
            "1 - 10*eta < 1 and 1 - 10*eta > -1",
            "10*eta > 0 and 10*eta < 2",
            "eta > 0 and eta < 0.2",
        ],
    ),
    "by squares": (
        "q3.converges",
        ["r = 1 - 10*eta"],
        ["r**2 < 1", "1 - 20*eta + 100*eta**2 < 1", "20*eta * (5*eta - 1) < 0", "0 < eta < 1/5"],
    ),
    "the distance from the best rate": (
        "q3.converges",
        [],
        ["abs(10*eta - 1) < 1", "abs(eta - 1/10) < 1/10", "0 < eta < 2/10"],
    ),
    "by the inverse": (
        "q3.converges",
        [],
        ["abs(1 - 10*eta) < 1", "1/eta > 5", "eta > 0 and 1 > 5*eta"],
    ),
    "by what diverges": (
        "q3.converges",
        [],
        ["not (abs(1 - 10*eta) >= 1)", "not (eta <= 0 or eta >= 1/5)", "0 < eta < 1/5"],
    ),
}
