"""scikit-learn: losses, linear models, kernels, networks, embeddings."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.spatial.distance import squareform
from sklearn._loss import loss as losses
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process import kernels as k
from sklearn.linear_model import _sgd_fast
from sklearn.linear_model._huber import _huber_loss_and_gradient
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.manifold import _t_sne
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network import _base as layers
from sklearn.preprocessing import LabelBinarizer

from benchmarks.wild.entries import Entry


def entries() -> Iterator[Entry]:
    """Yield all entries."""
    for entry in (
        *_losses(),
        *_sgd(),
        *_linear(),
        *_kernels(),
        *_processes(),
        *_networks(),
        *_embeddings(),
    ):
        settled = SETTLED.get(entry.name, "")
        yield Entry(**{**vars(entry), "settled": settled}) if settled else entry


ABSOLUTE = "convention: pointwise second derivatives below 0 are replaced by their sizes, as said"
NO_POWER = (
    "defect: terms are weighed by (1 + d^2 / f) ** -((f + 1) / 2), where its inverse is right, as "
    "the derivative of the logarithm by hand gives; both are one for f = 1"
)
K_TIMES = "defect: the loss is a mean over outputs, the gradient that of their sum: three times it"
UNDERFLOW = (
    "defect: K ** (p - 1) is inf where K underflows, and inf times 0 nan; 0 is right, by mpmath"
)
CLIP = "convention: the loss is clipped at a probability of one last place, the gradient is not"
SETTLED: dict[str, str] = {
    **{
        f"LinearModelLoss of HalfTweedieLoss of {power}{about}: gradient_hessian": ABSOLUTE
        for power in (0, 3, -1)
        for about in ("", ", no intercept")
    },
    **{
        f"t-SNE, degrees of freedom {freedom}, {columns} components": NO_POWER
        for freedom in (2, 3)
        for columns in (1, 2, 3)
    },
    **{
        f"MLPRegressor, {activation}, three outputs": K_TIMES
        for activation in ("tanh", "logistic", "relu", "identity")
    },
    "RBF ** 0.5, eval_gradient": UNDERFLOW,
    "Matern ** 0.5, eval_gradient": UNDERFLOW,
    **{
        f"GaussianProcessRegressor of RationalQuadratic + WhiteKernel, y: {shape}": (
            "defect: nan where exp(theta) overflows to an infinite alpha, and the value is finite"
        )
        for shape in ("[n]", "[n,2]")
    },
    "PairwiseKernel, polynomial, eval_gradient": (
        "lost digits: a numeric derivative by design, whose step of 1e-10 sees no slope of 1e-7"
    ),
    "MLPClassifier, two classes": CLIP,
    "MLPClassifier, three classes": CLIP,
    "MLPClassifier, several labels": CLIP,
}

ANY, COUNT, POSITIVE, UNIT = "y: [n]", "y: count[n]", "y: positive[n]", "y: unit[n]"
LOSSES: tuple[tuple[str, Callable[[], Any], str], ...] = (
    ("HalfSquaredError", losses.HalfSquaredError, ANY),
    ("AbsoluteError", losses.AbsoluteError, ANY),
    ("PinballLoss of 0.5", lambda: losses.PinballLoss(quantile=0.5), ANY),
    ("PinballLoss of 0.1", lambda: losses.PinballLoss(quantile=0.1), ANY),
    ("HuberLoss of 1", lambda: losses.HuberLoss(delta=1.0), ANY),
    ("HuberLoss of 0.2", lambda: losses.HuberLoss(delta=0.2), ANY),
    ("HalfPoissonLoss", losses.HalfPoissonLoss, COUNT),
    ("HalfGammaLoss", losses.HalfGammaLoss, POSITIVE),
    ("HalfTweedieLoss of 0", lambda: losses.HalfTweedieLoss(power=0.0), ANY),
    ("HalfTweedieLoss of 1", lambda: losses.HalfTweedieLoss(power=1.0), COUNT),
    ("HalfTweedieLoss of 1.5", lambda: losses.HalfTweedieLoss(power=1.5), "y: nonnegative[n]"),
    ("HalfTweedieLoss of 2", lambda: losses.HalfTweedieLoss(power=2.0), POSITIVE),
    ("HalfTweedieLoss of 3", lambda: losses.HalfTweedieLoss(power=3.0), POSITIVE),
    ("HalfTweedieLoss of -1", lambda: losses.HalfTweedieLoss(power=-1.0), ANY),
    ("HalfBinomialLoss", losses.HalfBinomialLoss, UNIT),
    ("ExponentialLoss", losses.ExponentialLoss, UNIT),
)


def _losses() -> Iterator[Entry]:
    for name, make, labels in LOSSES:
        loss = make()
        spec, by = f"{labels}, raw: [n]", {"wrt": "raw"}
        yield Entry(
            f"{name}: gradient",
            lambda y, raw, loss=loss: loss.loss(y, raw.copy()),
            lambda y, raw, loss=loss: loss.gradient(y, raw.copy()),
            spec,
            "elementwise",
            by,
        )
        yield Entry(
            f"{name}: loss_gradient, weighted",
            lambda y, w, raw, loss=loss: loss.loss(y, raw, sample_weight=w).sum(),
            lambda y, w, raw, loss=loss: loss.loss_gradient(y, raw, sample_weight=w)[1],
            f"{labels}, w: nonnegative[n], raw: [n]",
            "gradient",
            by,
        )
        if loss.constant_hessian or loss.approx_hessian:
            continue
        yield Entry(
            f"{name}: gradient_hessian",
            lambda y, raw, loss=loss: loss.gradient(y, raw.copy()),
            lambda y, raw, loss=loss: loss.gradient_hessian(y, raw.copy())[1],
            spec,
            "elementwise",
            by,
        )
    for power in (0.0, 1.0, 1.5, 2.0, 3.0):
        loss = losses.HalfTweedieLossIdentity(power=power)
        yield Entry(
            f"HalfTweedieLossIdentity of {power:g}: gradient",
            lambda y, raw, loss=loss: loss.loss(y, raw.copy()),
            lambda y, raw, loss=loss: loss.gradient(y, raw.copy()),
            "y: positive[n], raw: positive[n]",
            "elementwise",
            {"wrt": "raw"},
        )
        yield Entry(
            f"HalfTweedieLossIdentity of {power:g}: gradient_hessian",
            lambda y, raw, loss=loss: loss.gradient(y, raw.copy()),
            lambda y, raw, loss=loss: loss.gradient_hessian(y, raw.copy())[1],
            "y: positive[n], raw: positive[n]",
            "elementwise",
            {"wrt": "raw"},
        )
    several = losses.HalfMultinomialLoss(n_classes=3)
    spec = "y: int[n] < 3, raw: [n,3]"
    yield Entry(
        "HalfMultinomialLoss: gradient",
        lambda y, raw: several.loss(y.astype(float), raw.copy()).sum(),
        lambda y, raw: several.gradient(y.astype(float), raw.copy()),
        spec,
    )
    yield Entry(
        "HalfMultinomialLoss: loss_gradient, weighted",
        lambda y, w, raw: several.loss(y.astype(float), raw, sample_weight=w).sum(),
        lambda y, w, raw: several.loss_gradient(y.astype(float), raw, sample_weight=w)[1],
        "y: int[n] < 3, w: nonnegative[n], raw: [n,3]",
        options={"wrt": "raw"},
    )
    yield Entry(
        "HalfMultinomialLoss: gradient_proba",
        lambda y, w, raw: several.loss(y.astype(float), raw, sample_weight=w).sum(),
        lambda y, w, raw: several.gradient_proba(y.astype(float), raw, sample_weight=w)[0],
        "y: int[n] < 3, w: nonnegative[n], raw: [n,3]",
        options={"wrt": "raw"},
    )
    yield Entry(
        "HalfMultinomialLoss: gradient_hessian, the diagonal",
        lambda y, raw, c: several.gradient(y.astype(float), _with_column(raw, c))[:, 0],
        lambda y, raw, c: several.gradient_hessian(y.astype(float), _with_column(raw, c))[1][:, 0],
        "y: int[n] < 3, raw: [n,3], c: [n]",
        "elementwise",
        {"wrt": "c"},
    )


def _with_column(raw: Any, column: Any) -> Any:
    changed = np.array(raw)
    changed[:, 0] = column
    return changed


def _sgd() -> Iterator[Entry]:
    for name, loss, labels in (
        ("Hinge", _sgd_fast.Hinge(1.0), "y: sign[n]"),
        ("Perceptron", _sgd_fast.Hinge(0.0), "y: sign[n]"),
        ("SquaredHinge", _sgd_fast.SquaredHinge(1.0), "y: sign[n]"),
        ("ModifiedHuber", _sgd_fast.ModifiedHuber(), "y: sign[n]"),
        ("EpsilonInsensitive", _sgd_fast.EpsilonInsensitive(0.3), "y: [n]"),
        ("SquaredEpsilonInsensitive", _sgd_fast.SquaredEpsilonInsensitive(0.3), "y: [n]"),
    ):
        yield Entry(
            f"SGD's {name}: py_dloss",
            lambda y, p, loss=loss: np.array(
                [loss.py_loss(float(b), float(a)) for a, b in zip(y, p, strict=True)]
            ),
            lambda y, p, loss=loss: np.array(
                [loss.py_dloss(float(b), float(a)) for a, b in zip(y, p, strict=True)]
            ),
            f"{labels}, p: [n]",
            "elementwise",
            {"wrt": "p"},
        )
    for name in ("tanh", "logistic", "relu", "identity"):
        yield Entry(
            f"inplace_{name}_derivative",
            lambda z, name=name: _activated(name, z),
            lambda z, u, name=name: _backward(name, z, u),
            "z: [n,d]",
            "vjp",
        )


def _activated(name: str, z: Any) -> Any:
    z = np.array(z)
    layers.ACTIVATIONS[name](z)
    return z


def _backward(name: str, z: Any, u: Any) -> Any:
    delta = np.array(u)
    layers.DERIVATIVES[name](_activated(name, z), delta)
    return delta


def _linear() -> Iterator[Entry]:
    for name, make, labels in LOSSES:
        base = make()
        for intercept in (True, False):
            model = LinearModelLoss(base_loss=base, fit_intercept=intercept)
            size = "d+1" if intercept else "d"
            label = f"LinearModelLoss of {name}{'' if intercept else ', no intercept'}"
            spec = f"X: [n,d], {labels}, w: positive[n], l2: {{0.0, 0.7}}, coef: [{size}]"
            by = {"wrt": "coef"}
            yield Entry(
                f"{label}: loss_gradient",
                lambda X, y, w, l2, coef, m=model: m.loss(coef, X, y, w, l2),
                lambda X, y, w, l2, coef, m=model: m.loss_gradient(coef, X, y, w, l2)[1],
                spec,
                "gradient",
                by,
            )
            if base.approx_hessian:
                continue
            yield Entry(
                f"{label}: gradient_hessian",
                lambda X, y, w, l2, coef, m=model: m.gradient(coef, X, y, w, l2),
                lambda X, y, w, l2, coef, m=model: _unflagged(
                    m.gradient_hessian(coef, X, y, w, l2)
                ),
                spec,
                "hessian",
                by | {"no_answer": Flagged},
            )
    base = losses.HalfMultinomialLoss(n_classes=3)
    for intercept in (True, False):
        model = LinearModelLoss(base_loss=base, fit_intercept=intercept)
        size = "3*(d+1)" if intercept else "3*d"
        label = f"LinearModelLoss of HalfMultinomialLoss{'' if intercept else ', no intercept'}"
        spec = f"X: [n,d], y: int[n] < 3, w: positive[n], l2: {{0.0, 0.7}}, coef: [{size}]"
        by = {"wrt": "coef"}
        yield Entry(
            f"{label}: loss_gradient",
            lambda X, y, w, l2, coef, m=model: m.loss(coef, X, y.astype(float), w, l2),
            lambda X, y, w, l2, coef, m=model: m.loss_gradient(coef, X, y.astype(float), w, l2)[1],
            spec,
            "gradient",
            by,
        )
        yield Entry(
            f"{label}: gradient_hessian",
            lambda X, y, w, l2, coef, m=model: m.gradient(coef, X, y.astype(float), w, l2),
            lambda X, y, w, l2, coef, m=model: _unflagged(
                m.gradient_hessian(coef, X, y.astype(float), w, l2)
            ),
            spec,
            "hessian",
            by | {"no_answer": Flagged},
        )
        yield Entry(
            f"{label}: gradient_hessian_product",
            lambda X, y, w, l2, coef, m=model: m.gradient(coef, X, y.astype(float), w, l2),
            lambda X, y, w, l2, coef, t, m=model: m.gradient_hessian_product(
                coef, X, y.astype(float), w, l2
            )[1](t),
            spec,
            "jvp",
            by,
        )
    for intercept in (True, False):
        yield Entry(
            f"HuberRegressor{'' if intercept else ', no intercept'}",
            lambda X, y, sw, w, s, i=intercept: _huber(X, y, sw, w, s)[0],
            lambda X, y, sw, w, s, i=intercept: _apart(_huber(X, y, sw, w, s)[1]),
            f"X: [n,d], y: [n], sw: positive[n], w: [{'d+1' if intercept else 'd'}], s: positive",
            options={"wrt": "w s"},
        )


class Flagged(Exception):
    """The Hessian comes with a flag that says not to use it."""


def _unflagged(answer: tuple[Any, Any, bool]) -> Any:
    _, hessian, flag = answer
    if flag:
        raise Flagged
    return hessian


def _huber(X: Any, y: Any, weights: Any, w: Any, s: Any) -> Any:
    return _huber_loss_and_gradient(np.append(w, s), X, y, 1.35, 0.1, weights)


def _apart(gradient: Any) -> tuple[Any, Any]:
    return gradient[:-1].copy(), gradient[-1]


def _kernels() -> Iterator[Entry]:
    rbf = k.RBF(1.0)
    apart = k.RBF([1.0, 2.0])
    several: tuple[tuple[str, Any], ...] = (
        ("RBF", rbf),
        ("RBF, a length for each", apart),
        *((f"Matern of {nu:g}", k.Matern(nu=nu)) for nu in (0.5, 1.5, 2.5, 0.7, np.inf)),
        ("Matern of 1.5, a length for each", k.Matern([1.0, 2.0], nu=1.5)),
        ("Matern of 0.5, a length for each", k.Matern([1.0, 2.0], nu=0.5)),
        ("Matern of inf, a length for each", k.Matern([1.0, 2.0], nu=np.inf)),
        ("RationalQuadratic", k.RationalQuadratic()),
        ("ExpSineSquared", k.ExpSineSquared()),
        ("DotProduct", k.DotProduct()),
        ("ConstantKernel", k.ConstantKernel(2.0)),
        ("WhiteKernel", k.WhiteKernel()),
        ("PairwiseKernel, rbf", k.PairwiseKernel(metric="rbf")),
        ("PairwiseKernel, polynomial", k.PairwiseKernel(metric="polynomial")),
        ("RBF + WhiteKernel", rbf + k.WhiteKernel()),
        ("RBF * DotProduct", rbf * k.DotProduct()),
        ("2 * RBF + RationalQuadratic", 2.0 * rbf + k.RationalQuadratic()),
        ("RBF * RBF", rbf * k.RBF(0.5)),
        ("(RBF + DotProduct) * ExpSineSquared", (rbf + k.DotProduct()) * k.ExpSineSquared()),
        ("RBF ** 2", rbf**2),
        ("RBF ** 0.5", rbf**0.5),
        ("DotProduct ** 2", k.DotProduct() ** 2),
        ("DotProduct ** 3", k.DotProduct() ** 3),
        ("(RBF + WhiteKernel) ** 1.5", (rbf + k.WhiteKernel()) ** 1.5),
        ("Matern ** 0.5", k.Matern(nu=1.5) ** 0.5),
        ("RationalQuadratic ** 0.5", k.RationalQuadratic() ** 0.5),
        ("RBF, fixed, times a constant", k.ConstantKernel(2.0) * k.RBF(1.0, "fixed")),
    )
    for name, kernel in several:
        columns = "2" if "each" in name else "d"
        yield Entry(
            f"{name}, eval_gradient",
            lambda X, theta, kernel=kernel: _at(kernel, theta)(X),
            lambda X, theta, kernel=kernel: _at(kernel, theta)(X, eval_gradient=True)[1],
            f"X: [n,{columns}], theta: [{kernel.n_dims}]",
            "jacobian",
            # The library differentiates this one numerically.
            {"wrt": "theta", "no_answer": OutOfBounds, "rel": 1e-3 * ("Pairwise" in name)},
        )


class OutOfBounds(Exception):
    """A hyperparameter is far beyond those that the kernels allow by default."""


def _at(kernel: Any, theta: Any) -> Any:
    if np.abs(theta).max() > np.log(1e5):
        raise OutOfBounds
    return kernel.clone_with_theta(theta)


def _processes() -> Iterator[Entry]:
    for name, kernel in (
        ("RBF + WhiteKernel", k.RBF() + k.WhiteKernel()),
        ("2 * Matern + WhiteKernel", 2.0 * k.Matern(nu=1.5) + k.WhiteKernel()),
        ("RationalQuadratic + WhiteKernel", k.RationalQuadratic() + k.WhiteKernel()),
        ("DotProduct + WhiteKernel", k.DotProduct() + k.WhiteKernel()),
    ):
        for shape in ("[n]", "[n,2]"):
            yield Entry(
                f"GaussianProcessRegressor of {name}, y: {shape}",
                lambda model, theta: model.log_marginal_likelihood(theta),
                lambda model, theta: model.log_marginal_likelihood(theta, eval_gradient=True)[1],
                f"X: [n,d], y: {shape}, theta: [{kernel.n_dims}], n >= 2",
                options={
                    "wrt": "theta",
                    "given": lambda X, y, kernel=kernel: GaussianProcessRegressor(
                        kernel=kernel, optimizer=None, alpha=1e-3
                    ).fit(X, y),
                },
            )
    yield Entry(
        "GaussianProcessClassifier of 2 * RBF",
        lambda model, theta: model.log_marginal_likelihood(theta),
        lambda model, theta: model.log_marginal_likelihood(theta, eval_gradient=True)[1],
        "X: [n,d], theta: [2], n >= 2",
        options={"wrt": "theta", "given": _classifier, "rel": 1e-4},
    )


def _classifier(X: Any) -> Any:
    kernel = 2.0 * k.RBF()
    return GaussianProcessClassifier(kernel=kernel, optimizer=None).fit(X, np.arange(len(X)) % 2)


def _networks() -> Iterator[Entry]:
    for activation in ("tanh", "logistic", "relu", "identity"):
        for outputs, about in ((1, "one output"), (3, "three outputs")):
            yield _network(
                f"MLPRegressor, {activation}, {about}",
                partial(MLPRegressor, "squared_error", (2,), activation, alpha=0.3),
                outputs,
                f"y: [n,{outputs}]",
            )
    yield _network(
        "MLPRegressor, two hidden layers, one output",
        lambda: MLPRegressor(hidden_layer_sizes=(2, 2), activation="tanh", alpha=0.3),
        1,
        "y: [n,1]",
        hidden=2,
    )
    yield _network(
        "MLPRegressor, poisson, one output",
        lambda: MLPRegressor("poisson", (2,), "tanh", alpha=0.3),
        1,
        "y: count[n,1]",
    )
    yield _network(
        "MLPRegressor, poisson, three outputs",
        lambda: MLPRegressor("poisson", (2,), "tanh", alpha=0.3),
        3,
        "y: count[n,3]",
    )
    for kind, about in (("float", ""), ("unit", ", not saturated")):
        for name, classes, outputs, labels in (
            ("two classes", 2, 1, "y: bool[n,1]"),
            ("several labels", 0, 3, "y: bool[n,3]"),
            ("three classes", 3, 3, "y: onehot[n,3]"),
        ):
            yield _network(
                f"MLPClassifier, {name}{about}",
                partial(_fitted, classes),
                outputs,
                labels,
                by=np.float64,
                kind=kind,
            )


def _fitted(classes: int) -> Any:
    model = MLPClassifier((2,), "tanh", alpha=0.3)
    model._label_binarizer = LabelBinarizer().fit(
        np.arange(classes) if classes else np.array([[1, 0, 1], [0, 1, 1]])
    )
    return model


def _network(
    name: str,
    make: Callable[[], Any],
    outputs: int,
    labels: str,
    hidden: int = 1,
    by: Any = None,
    kind: str = "float",
) -> Entry:
    units = [2] * hidden

    def both(X: Any, y: Any, w: Any, theta: Any) -> tuple[float, Any]:
        model = make()
        y = y.astype(by) if by else y
        sizes = [X.shape[1], *units, outputs]
        model._random_state = np.random.RandomState(0)
        model._initialize(y, sizes, np.float64)
        pairs = list(itertools.pairwise(sizes))
        start, model._coef_indptr, model._intercept_indptr = 0, [], []
        for a, b in pairs:
            model._coef_indptr.append((start, start + a * b, (a, b)))
            start += a * b
        for _, b in pairs:
            model._intercept_indptr.append((start, start + b))
            start += b
        activations = [X, *(np.empty((len(X), b)) for b in sizes[1:])]
        deltas = [np.empty((len(X), b)) for b in sizes[1:]]
        coefs, intercepts = [np.empty(p) for p in pairs], [np.empty(b) for _, b in pairs]
        loss, gradient = model._loss_grad_lbfgs(
            theta, X, y, w, activations, deltas, coefs, intercepts
        )
        return float(loss), gradient

    count = f"2*d + {4 * (hidden - 1) + 2 * outputs + 2 * hidden + outputs}"
    return Entry(
        name,
        lambda X, y, w, theta: both(X, y, w, theta)[0],
        lambda X, y, w, theta: both(X, y, w, theta)[1],
        f"X: [n,d], {labels}, w: positive[n], theta: {kind}[{count}]",
        options={"wrt": "theta"},
    )


def _embeddings() -> Iterator[Entry]:
    for freedom in (1, 2, 3):
        for columns in (1, 2, 3):
            yield Entry(
                f"t-SNE, degrees of freedom {freedom}, {columns} components",
                lambda D, Y, f=freedom: _t_sne._kl_divergence(Y.ravel(), _p(D), f, *Y.shape)[0],
                lambda D, Y, f=freedom: _t_sne._kl_divergence(Y.ravel(), _p(D), f, *Y.shape)[
                    1
                ].reshape(Y.shape),
                f"D: positive[n,n], Y: [n,{columns}], n >= 3",
                options={"wrt": "Y"},
            )
    for rows in (1, 2, 3):
        yield Entry(
            f"NeighborhoodComponentsAnalysis to {rows}",
            lambda X, y, A: _nca(X, y, A)[0],
            lambda X, y, A: _nca(X, y, A)[1].reshape(A.shape),
            f"X: [n,d], y: int[n] < 2, A: [{rows},d], n >= 2",
            options={"wrt": "A"},
        )


def _p(D: Any) -> Any:
    """Return joint probabilities, condensed, from any positive numbers."""
    joint = D + D.T
    np.fill_diagonal(joint, 0)
    return squareform(joint / joint.sum(), checks=False)


def _nca(X: Any, y: Any, A: Any) -> Any:
    model = NeighborhoodComponentsAnalysis()
    model.n_iter_ = 1
    return model._loss_grad_lbfgs(A.ravel(), X, y[:, None] == y[None, :], -1.0)
