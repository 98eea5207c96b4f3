"""scipy.optimize, stats, interpolate, linalg and spatial: derivatives that they give themselves."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import interpolate, optimize, stats
from scipy.linalg import expm, expm_frechet
from scipy.optimize._lsq.least_squares import IMPLEMENTED_LOSSES
from scipy.spatial.transform import Rotation, RotationSpline

from benchmarks.wild.entries import Entry, chain


def entries() -> Iterator[Entry]:
    """Yield all entries."""
    for entry in (
        *_optimize(),
        *_splines(),
        *_of_data(),
        *_stats(),
        *_linalg(),
        *_polynomials(),
    ):
        settled = SETTLED.get(entry.name, "")
        yield Entry(**{**vars(entry), "settled": settled}) if settled else entry


SETTLED: dict[str, str] = {}


def _optimize() -> Iterator[Entry]:
    yield from chain(
        "rosen", optimize.rosen, optimize.rosen_der, optimize.rosen_hess, "x: [n], n >= 2"
    )
    yield Entry(
        "rosen_hess_prod",
        optimize.rosen_der,
        optimize.rosen_hess_prod,
        "x: [n], n >= 3",
        "jvp",
    )
    for name, loss in IMPLEMENTED_LOSSES.items():
        if loss is None:
            continue
        for k, what in ((0, "first"), (1, "second")):
            yield Entry(
                f"least_squares' loss {name}, its {what} derivative",
                lambda z, loss=loss, k=k: _rho(loss, z)[k],
                lambda z, loss=loss, k=k: _rho(loss, z)[k + 1],
                "z: positive[n]",
                "elementwise",
            )


def _rho(loss: Callable[..., Any], z: Any) -> Any:
    rho = np.empty((3, len(z)))
    if loss is IMPLEMENTED_LOSSES["huber"]:
        loss(z, rho, cost_only=False)
    else:
        loss(z, rho, False)
    return rho


KNOTS = np.array([0.0, 0.4, 1.1, 1.5, 2.0, 3.1])
VALUES = np.array([1.0, -0.3, 0.7, 0.7, 2.0, -1.0])
SLOPES = np.array([0.2, -1.0, 0.0, 0.5, 1.0, -2.0])


def _splines() -> Iterator[Entry]:
    curves = [
        (f"CubicSpline, {end}", interpolate.CubicSpline(KNOTS, VALUES, bc_type=end))
        for end in ("not-a-knot", "natural", "clamped")
    ]
    round_off = np.append(VALUES[:-1], VALUES[0])
    curves += [
        ("CubicSpline, periodic", interpolate.CubicSpline(KNOTS, round_off, bc_type="periodic")),
        ("PchipInterpolator", interpolate.PchipInterpolator(KNOTS, VALUES)),
        ("Akima1DInterpolator", interpolate.Akima1DInterpolator(KNOTS, VALUES)),
        (
            "Akima1DInterpolator, makima",
            interpolate.Akima1DInterpolator(KNOTS, VALUES, method="makima"),
        ),
        ("CubicHermiteSpline", interpolate.CubicHermiteSpline(KNOTS, VALUES, SLOPES)),
        ("KroghInterpolator", interpolate.KroghInterpolator(KNOTS, VALUES)),
        ("BarycentricInterpolator", interpolate.BarycentricInterpolator(KNOTS, VALUES)),
        ("InterpolatedUnivariateSpline", interpolate.InterpolatedUnivariateSpline(KNOTS, VALUES)),
        ("UnivariateSpline, smoothed", interpolate.UnivariateSpline(KNOTS, VALUES, s=0.5)),
        ("make_smoothing_spline", interpolate.make_smoothing_spline(KNOTS, VALUES, lam=0.1)),
        ("BPoly", interpolate.BPoly.from_derivatives(KNOTS, np.stack([VALUES, SLOPES], 1))),
        ("BPoly, extrapolated", interpolate.BPoly([[1.0], [0.3], [-2.0], [0.5]], [0.0, 1.0])),
        ("PPoly", interpolate.PPoly(np.arange(12.0).reshape(4, 3) - 5, [0.0, 1.0, 1.5, 3.0])),
    ]
    curves += [
        (f"BSpline of degree {k}", interpolate.make_interp_spline(KNOTS, VALUES, k=k))
        for k in (1, 2, 3, 5)
    ]
    for name, curve in curves:
        for order in (1, 2):
            if not hasattr(curve, "derivative") or order > getattr(curve, "k", order):
                continue
            yield Entry(
                f"{name}: derivative {order}",
                _derivative_of(curve, order - 1),
                _derivative_of(curve, order),
                "x: [n]",
                "elementwise",
            )
        if hasattr(curve, "antiderivative"):
            yield Entry(
                f"{name}: antiderivative", curve.antiderivative(), curve, "x: [n]", "elementwise"
            )
    grid = np.add.outer(np.sin(KNOTS), KNOTS[:5] ** 2)
    surface = interpolate.RectBivariateSpline(KNOTS, KNOTS[:5], grid)
    for dx, dy, name in ((1, 0, "x"), (0, 1, "y")):
        yield Entry(
            f"RectBivariateSpline by {name}",
            lambda u, dx=dx: surface.ev(3 * u, 0.7) if dx else surface.ev(0.7, 1.9 * u),
            lambda u, dx=dx, dy=dy: (
                3 * surface.ev(3 * u, 0.7, dx=1) if dx else 1.9 * surface.ev(0.7, 1.9 * u, dy=1)
            ),
            "u: unit[n]",
            "elementwise",
        )
    cube = interpolate.NdPPoly(
        np.arange(36.0).reshape(3, 3, 2, 2) % 7 - 3, [[0.0, 1.0, 2.0], [0.0, 0.5, 1.0]]
    )
    for nu, name in (([1, 0], "x"), ([0, 1], "y")):
        yield Entry(
            f"NdPPoly by {name}",
            lambda u, v: cube(np.stack([2 * u, v], 1)),
            lambda u, v, nu=nu: cube(np.stack([2 * u, v], 1), nu=nu) * (2 if nu[0] else 1),
            "u: unit[n], v: unit[n]",
            "elementwise",
            {"wrt": "u" if nu[0] else "v"},
        )
    sides = interpolate.RegularGridInterpolator((KNOTS, KNOTS[:5]), grid, method="cubic")
    yield Entry(
        "RegularGridInterpolator, cubic, by x",
        lambda u: sides(np.stack([3.1 * u, 0 * u + 0.7], 1)),
        lambda u: 3.1 * sides(np.stack([3.1 * u, 0 * u + 0.7], 1), nu=(1, 0)),
        "u: unit[n]",
        "elementwise",
    )
    yield Entry(
        "splev, der 1",
        lambda x: interpolate.splev(x, interpolate.splrep(KNOTS, VALUES)),
        lambda x: interpolate.splev(x, interpolate.splrep(KNOTS, VALUES), der=1),
        "x: [n]",
        "elementwise",
    )


def _derivative_of(curve: Any, order: int) -> Any:
    if order == 0:
        return curve
    method = curve.derivative
    if isinstance(curve, interpolate.KroghInterpolator | interpolate.BarycentricInterpolator):
        return lambda x: method(x, order)  # which evaluate at once
    return method(order)


def _of_data() -> Iterator[Entry]:
    spline = RotationSpline(
        KNOTS, Rotation.from_rotvec(np.outer(KNOTS, [0.3, -0.4, 0.2]) + np.array([0.1, 0.0, 0.0]))
    )
    yield Entry(
        "RotationSpline: angular acceleration",
        lambda u: spline(3 * u, 1),
        lambda u: 3 * spline(3 * u, 2),
        "u: unit",
        "jacobian",
    )


def _stats() -> Iterator[Entry]:
    for name, frozen, kind in (
        ("norm", stats.norm(0.3, 2.0), "float"),
        ("logistic", stats.logistic(), "float"),
        ("t of 3", stats.t(3), "float"),
        ("cauchy", stats.cauchy(), "float"),
        ("gumbel_r", stats.gumbel_r(), "float"),
        ("laplace", stats.laplace(), "float"),
        ("gamma of 2.5", stats.gamma(2.5), "positive"),
        ("expon", stats.expon(), "positive"),
        ("weibull_min of 1.7", stats.weibull_min(1.7), "positive"),
        ("lognorm of 0.7", stats.lognorm(0.7), "positive"),
        ("chi2 of 3", stats.chi2(3), "positive"),
        ("f of 3 and 5", stats.f(3, 5), "positive"),
        ("beta of 2 and 3", stats.beta(2, 3), "unit"),
        ("invgauss of 0.7", stats.invgauss(0.7), "positive"),
        ("genextreme of 0.3", stats.genextreme(0.3), "unit"),
        ("skewnorm of 2", stats.skewnorm(2), "float"),
        ("johnsonsu", stats.johnsonsu(0.5, 1.5), "float"),
        ("exponnorm of 1.5", stats.exponnorm(1.5), "float"),
        ("nct of 4 and 0.5", stats.nct(4, 0.5), "float"),
        ("vonmises of 2", stats.vonmises(2), "unit"),
        ("genhyperbolic", stats.genhyperbolic(0.5, 1.5, 0.5), "unit"),
        ("levy", stats.levy(), "positive"),
        ("maxwell", stats.maxwell(), "positive"),
        ("burr12 of 2 and 3", stats.burr12(2, 3), "positive"),
        ("powerlaw of 1.7", stats.powerlaw(1.7), "unit"),
        ("triang of 0.3", stats.triang(0.3), "unit"),
        ("gennorm of 1.5", stats.gennorm(1.5), "float"),
        ("moyal", stats.moyal(), "float"),
        ("kappa3 of 2", stats.kappa3(2), "positive"),
        ("hypsecant", stats.hypsecant(), "float"),
    ):
        rel = {"rel": 1e-6} if name.startswith(("genhyp", "nct", "vonmises")) else {}
        yield Entry(
            f"{name}: pdf of cdf", frozen.cdf, frozen.pdf, f"x: {kind}[n]", "elementwise", rel
        )
    for name, frozen, slope, kind in (
        ("norm", stats.norm(), lambda x: -x, "float"),
        ("t of 3", stats.t(3), lambda x: -4 * x / (3 + x * x), "float"),
        ("gamma of 2.5", stats.gamma(2.5), lambda x: 1.5 / x - 1, "positive"),
        ("logistic", stats.logistic(), lambda x: -np.tanh(x / 2), "float"),
        ("lognorm of 1", stats.lognorm(1.0), lambda x: -(1 + np.log(x)) / x, "positive"),
        ("gumbel_r", stats.gumbel_r(), lambda x: np.exp(-x) - 1, "float"),
        ("cauchy", stats.cauchy(), lambda x: -2 * x / (1 + x * x), "float"),
    ):
        yield Entry(
            f"{name}: slope of logpdf", frozen.logpdf, slope, f"x: {kind}[n]", "elementwise"
        )
    yield Entry(
        "gaussian_kde: the slope of its logpdf",
        lambda x: stats.gaussian_kde(VALUES).logpdf(x),
        _slope_of_kde,
        "x: unit[n]",
        "elementwise",
    )
    yield Entry(
        "multivariate_normal: slope of logpdf",
        lambda S, x: stats.multivariate_normal(cov=S).logpdf(x),
        lambda S, x: -np.linalg.solve(S, x),
        "S: spd[d,d], x: [d]",
        options={"wrt": "x"},
    )
    yield Entry(
        "multivariate_t: slope of logpdf",
        lambda S, x: stats.multivariate_t(shape=S, df=3).logpdf(x),
        lambda S, x: -(3 + len(x)) * _scaled(S, x),
        "S: spd[d,d], x: [d]",
        options={"wrt": "x"},
    )
    yield Entry(
        "dirichlet: slope of logpdf",
        lambda a, p: stats.dirichlet(a).logpdf(p),
        lambda a, p: (a - 1) / p,
        "a: positive[d], p: simplex[d], d >= 2",
        options={"wrt": "p"},
    )


def _scaled(S: Any, x: Any) -> Any:
    half = np.linalg.solve(S, x)
    return half / (3 + x @ half)


def _slope_of_kde(x: Any) -> Any:
    kde = stats.gaussian_kde(VALUES)
    width = float(kde.covariance[0, 0])
    gaps = x[:, None] - VALUES
    weights = np.exp(-gaps * gaps / (2 * width))
    return -(weights * gaps).sum(1) / weights.sum(1) / width


def _linalg() -> Iterator[Entry]:
    for method in ("SPS", "blockEnlarge"):
        yield Entry(
            f"expm_frechet, {method}",
            expm,
            lambda A, E, method=method: expm_frechet(A, E, method=method, compute_expm=False),
            "A: [n,n]",
            "jvp",
        )


def _polynomials() -> Iterator[Entry]:
    for kind in ("Polynomial", "Chebyshev", "Legendre", "Hermite", "HermiteE", "Laguerre"):
        series = getattr(np.polynomial, kind)([1.0, -2.0, 0.5, 0.3, -0.1])
        for order in (1, 2):
            f = series.deriv(order - 1) if order > 1 else series
            yield Entry(
                f"numpy's {kind}: deriv {order}", f, series.deriv(order), "x: [n]", "elementwise"
            )
        yield Entry(f"numpy's {kind}: integ", series.integ(), series, "x: [n]", "elementwise")
