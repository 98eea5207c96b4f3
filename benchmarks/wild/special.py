"""scipy.special: functions of one number whose derivative the library gives, or another has."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import special as s

from benchmarks.wild.entries import Entry

X, POSITIVE, UNIT = "x: [n]", "x: positive[n]", "x: unit[n]"
TWO_OVER_ROOT_PI = 2 / np.sqrt(np.pi)


def entries() -> Iterator[Entry]:
    """Yield all entries."""
    for name, f, derivative, inputs in [
        *_bessel(),
        *_of_errors(),
        *_of_gamma(),
        *_elliptic(),
        *_polynomials(),
        *_waves(),
        *_distributions(),
        *_elementary(),
        *_hypergeometric(),
    ]:
        settled = SETTLED.get(name, "")
        yield Entry(name, f, derivative, inputs, "elementwise", {"examples": 60}, settled)
    yield from _of_arrays()


KELVIN = "lost digits: values and slopes are known to 1e-10, by mpmath; a table of series"
SETTLED: dict[str, str] = {
    "itstruve0": (
        "defect: values are wrong beyond 30: 5.53 at 31 and 8.55 at 100, for which mpmath's "
        "integral is 2.95 and 3.72; below, they agree to 6 digits"
    ),
    "hyperu": "defect: U(1.5, 2, 9.3e-12) is nan; -a times it is -6.067e10 by mpmath",
    "it2struve0": "lost digits: of its slope at 1000, 6e-8; values agree to 8 digits with mpmath",
    "iti0k0": "lost digits: the values are known to 1e-7 at 20, by an integral of mpmath",
    "itmodstruve0": "lost digits: the values are known to 2e-9 at 28, by an integral of mpmath",
    "it2j0y0": "lost digits: the values are known to 3e-10 about 20, and jump there; by mpmath",
    "pbvv": "defect: the value at v = -0.5, x = -28 is -1.2e68, and 8e-87 by mpmath",
    "it2i0k0": "lost digits: the values are off by 2e-4 at 40, by an integral of mpmath",
    "itj0y0": "lost digits: the values are known to 1e-10, by an integral of mpmath",
    "itairy, Ai": "lost digits: the values are known to 6e-8, by an integral of mpmath",
    "itairy, Bi": "lost digits: the values are known to 4e-8, by an integral of mpmath",
    "ber": KELVIN,
    "bei": KELVIN,
    "kelvin, real part of Be": KELVIN,
    "obl_rad2": (
        "defect: the Wronskian of both radial functions times c (x^2 + 1) must be 1, and is -6 at "
        "m = 1, c = 0.1, x = 1, and -303 at x = 2; at x = 10 it is 1 to 16 digits"
    ),
    "mathieu_cem, x in degrees": "convention: x is in degrees, and the slope by radians",
    "mathieu_sem, x in degrees": "convention: x is in degrees, and the slope by radians",
    "pbdv": "lost digits: the value at v = -0.5, x = 6 is off by 1e-9, the slope exact; by mpmath",
    "kolmogorov": (
        "defect: the private slope, with which kolmogi iterates, is off by 1.8e-8 just above 0.82, "
        "where its series is cut too early; the value agrees with mpmath to 15 digits"
    ),
    "kolmogi": "defect: by the same slope",
}

Row = tuple[str, Callable[..., Any], Callable[..., Any], str]


def _of_pair(name: str, function: Callable[..., Any], inputs: str, at: int = 0) -> Row:
    """Return the row of a function that returns values and slopes, one behind the other."""
    return (
        name,
        lambda *a: function(*a)[at],
        lambda *a: function(*a)[at + 1],
        inputs,
    )


def _inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function where its last argument lies between 0 and 1, nan at the ends.

    There the slope is infinite, or the formula of this benchmark is 0 / 0.
    """

    def f(*args: Any) -> Any:
        x = np.asarray(args[-1])
        return np.where((x > 0) & (x < 1), function(*args), np.nan)

    return f


def _bessel() -> Iterator[Row]:
    order, real = "v: 0..3, ", "v: {-1.5, 0.0, 0.5, 1.0, 2.7}, "
    for name, kind, slope in (
        ("jv", s.jv, s.jvp),
        ("yv", s.yv, s.yvp),
        ("iv", s.iv, s.ivp),
        ("kv", s.kv, s.kvp),
    ):
        yield f"{name} and {name}p", kind, slope, real + POSITIVE
        for n in (2, 3):
            yield (
                f"{name}p of n = {n - 1} and {n}",
                lambda v, x, p=slope, n=n: p(v, x, n - 1),
                lambda v, x, p=slope, n=n: p(v, x, n),
                real + POSITIVE,
            )
    yield "jv of whole order and jvp", s.jn, s.jvp, order + X
    yield "iv of whole order and ivp", s.iv, s.ivp, order + X
    yield (
        "jve",
        s.jve,
        s.jvp,
        order + X,
    )
    yield (
        "ive",
        s.ive,
        lambda v, x: (s.ive(v - 1, x) + s.ive(v + 1, x)) / 2 - s.ive(v, x),
        order + POSITIVE,
    )
    yield (
        "kve",
        s.kve,
        lambda v, x: s.kve(v, x) - (s.kve(v - 1, x) + s.kve(v + 1, x)) / 2,
        order + POSITIVE,
    )
    for name, function in (
        ("spherical_jn", s.spherical_jn),
        ("spherical_yn", s.spherical_yn),
        ("spherical_in", s.spherical_in),
        ("spherical_kn", s.spherical_kn),
    ):
        for argument in (POSITIVE, X):
            yield (
                f"{name} of {argument}",
                function,
                lambda n, x, f=function: f(n, x, derivative=True),
                "n: 0..4, " + argument.replace("[n]", "[k]"),
            )
    yield "j0", s.j0, lambda x: -s.j1(x), X
    yield "j1", s.j1, lambda x: s.jvp(1, x), X
    yield "y0", s.y0, lambda x: -s.y1(x), POSITIVE
    yield "y1", s.y1, lambda x: s.yvp(1, x), POSITIVE
    yield "i0", s.i0, s.i1, X
    yield "i1", s.i1, lambda x: s.ivp(1, x), X
    yield "i0e", s.i0e, lambda x: s.i1e(x) - np.sign(x) * s.i0e(x), X
    yield "k0", s.k0, lambda x: -s.k1(x), POSITIVE
    yield "k1", s.k1, lambda x: s.kvp(1, x), POSITIVE
    yield "k0e", s.k0e, lambda x: s.k0e(x) - s.k1e(x), POSITIVE
    yield "struve of 0", lambda x: s.struve(0, x), lambda x: 2 / np.pi - s.struve(1, x), POSITIVE
    yield (
        "struve of 1",
        lambda x: s.struve(1, x),
        lambda x: s.struve(0, x) - s.struve(1, x) / x,
        POSITIVE,
    )
    yield (
        "modstruve of 0",
        lambda x: s.modstruve(0, x),
        lambda x: 2 / np.pi + s.modstruve(1, x),
        POSITIVE,
    )
    yield "itj0y0", lambda x: s.itj0y0(x)[0], s.j0, POSITIVE
    yield "itj0y0, the second", lambda x: s.itj0y0(x)[1], s.y0, POSITIVE
    yield "iti0k0", lambda x: s.iti0k0(x)[0], s.i0, POSITIVE
    yield "iti0k0, the second", lambda x: s.iti0k0(x)[1], s.k0, POSITIVE
    yield "it2j0y0", lambda x: s.it2j0y0(x)[0], lambda x: (1 - s.j0(x)) / x, POSITIVE
    yield "it2i0k0", lambda x: s.it2i0k0(x)[0], lambda x: (s.i0(x) - 1) / x, POSITIVE
    yield "itstruve0", s.itstruve0, lambda x: s.struve(0, x), POSITIVE
    yield "itmodstruve0", s.itmodstruve0, lambda x: s.modstruve(0, x), POSITIVE
    yield "it2struve0", s.it2struve0, lambda x: -s.struve(0, x) / x, POSITIVE
    for at, name in ((0, "Ai"), (2, "Bi")):
        yield _of_pair(f"airy, {name}", s.airy, X, at)
        yield (
            f"airy, {name}'",
            lambda x, at=at: s.airy(x)[at + 1],
            lambda x, at=at: x * s.airy(x)[at],
            X,
        )
    yield "itairy, Ai", lambda x: s.itairy(x)[0], lambda x: s.airy(x)[0], POSITIVE
    yield "itairy, Bi", lambda x: s.itairy(x)[1], lambda x: s.airy(x)[2], POSITIVE
    for name in ("ber", "bei", "ker", "kei"):
        yield name, getattr(s, name), getattr(s, f"{name}p"), POSITIVE
    for k, name in enumerate(("Be", "Ke")):
        yield (
            f"kelvin, real part of {name}",
            lambda x, k=k: s.kelvin(x)[k].real,
            lambda x, k=k: s.kelvin(x)[k + 2].real,
            POSITIVE,
        )


def _of_errors() -> Iterator[Row]:
    yield "erf", s.erf, lambda x: TWO_OVER_ROOT_PI * np.exp(-x * x), X
    yield "erfc", s.erfc, lambda x: -TWO_OVER_ROOT_PI * np.exp(-x * x), X
    yield "erfcx", s.erfcx, lambda x: 2 * x * s.erfcx(x) - TWO_OVER_ROOT_PI, X
    yield "erfi", s.erfi, lambda x: TWO_OVER_ROOT_PI * np.exp(x * x), X
    yield "dawsn", s.dawsn, lambda x: 1 - 2 * x * s.dawsn(x), X
    yield (
        "erfinv",
        lambda u: s.erfinv(2 * u - 1),
        lambda u: 2 / TWO_OVER_ROOT_PI * np.exp(s.erfinv(2 * u - 1) ** 2),
        "u: unit[n]",
    )
    yield "erfcinv", s.erfcinv, lambda x: -np.exp(s.erfcinv(x) ** 2) / TWO_OVER_ROOT_PI, UNIT
    for k, name in enumerate(("S", "C")):
        yield (
            f"fresnel, {name}",
            lambda x, k=k: s.fresnel(x)[k],
            lambda x, k=k: (np.sin, np.cos)[k](np.pi / 2 * x * x),
            X,
        )
    yield "wofz, imaginary part", lambda x: s.wofz(x).imag, _slope_of_wofz, X
    yield (
        "voigt_profile of sigma alone",
        lambda x: s.voigt_profile(x, 1.0, 0.0),
        lambda x: -x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
        X,
    )
    yield "log_ndtr", s.log_ndtr, _slope_of_log_ndtr, X
    yield "ndtr", s.ndtr, lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi), X
    yield "ndtri", s.ndtri, lambda x: np.sqrt(2 * np.pi) * np.exp(s.ndtri(x) ** 2 / 2), UNIT
    yield "sici, Si", lambda x: s.sici(x)[0], lambda x: np.sinc(x / np.pi), X
    yield "sici, Ci", lambda x: s.sici(x)[1], lambda x: np.cos(x) / x, POSITIVE
    yield (
        "shichi, Shi",
        lambda x: s.shichi(x)[0],
        lambda x: np.where(x == 0, 1.0, np.sinh(x) / np.where(x == 0, 1.0, x)),
        X,
    )
    yield "shichi, Chi", lambda x: s.shichi(x)[1], lambda x: np.cosh(x) / x, POSITIVE
    yield "expi", s.expi, lambda x: np.exp(x) / x, X
    yield "exp1", s.exp1, lambda x: -np.exp(-x) / x, POSITIVE
    yield "expn", s.expn, lambda k, x: -s.expn(k - 1, x), "k: 1..4, " + POSITIVE
    yield (
        "owens_t by h",
        lambda a, x: s.owens_t(x, a),
        lambda a, x: -np.exp(-x * x / 2) * s.erf(a * x / np.sqrt(2)) / np.sqrt(8 * np.pi),
        "a: {-1.5, 0.0, 0.3, 1.0, 4.0}, " + X,
    )
    yield (
        "owens_t by a",
        s.owens_t,
        lambda h, x: np.exp(-h * h * (1 + x * x) / 2) / (1 + x * x) / (2 * np.pi),
        "h: {-1.5, 0.0, 0.3, 1.0, 4.0}, " + X,
    )


def _slope_of_wofz(x: Any) -> Any:
    return -2 * x * s.wofz(x).imag + TWO_OVER_ROOT_PI


def _slope_of_log_ndtr(x: Any) -> Any:
    return np.exp(-x * x / 2 - np.log(2 * np.pi) / 2 - s.log_ndtr(x))


def _of_gamma() -> Iterator[Row]:
    a = "a: {0.3, 1.0, 2.5, 11.0}, "
    yield "gamma", s.gamma, lambda x: s.gamma(x) * s.psi(x), X
    yield "gammaln", s.gammaln, s.psi, X
    yield "loggamma", s.loggamma, s.psi, POSITIVE
    yield "rgamma", s.rgamma, lambda x: -s.rgamma(x) * s.psi(x), POSITIVE
    yield "digamma", s.digamma, lambda x: s.polygamma(1, x), X
    for n in range(1, 5):
        yield (
            f"polygamma of {n}",
            lambda x, n=n: s.polygamma(n, x),
            lambda x, n=n: s.polygamma(n + 1, x),
            POSITIVE,
        )
    yield "factorial", s.factorial, lambda x: s.gamma(x + 1) * s.psi(x + 1), POSITIVE
    yield (
        "poch",
        _inside(lambda m, x: s.poch(x, m)),
        _slope_of_poch,
        "m: {0.5, 1.0, 2.0, 3.3}, " + UNIT,
    )
    yield "gammainc", s.gammainc, _gamma_density, a + POSITIVE
    yield "gammaincc", s.gammaincc, lambda a, x: -_gamma_density(a, x), a + POSITIVE
    yield "gammaincinv", _inside(s.gammaincinv), _slope_of_gammaincinv, a + UNIT
    b = "a: {0.5, 1.0, 2.5}, b: {0.5, 1.0, 3.0}, "
    yield "betainc", _inside(s.betainc), _beta_density, b + UNIT
    yield "betaincc", _inside(s.betaincc), lambda a, b, x: -_beta_density(a, b, x), b + UNIT
    yield "betaincinv", _inside(s.betaincinv), _slope_of_betaincinv, b + UNIT
    yield "beta", s.beta, lambda b, x: s.beta(b, x) * (s.psi(x) - s.psi(b + x)), BETA + POSITIVE
    yield "betaln", s.betaln, lambda b, x: s.psi(x) - s.psi(b + x), BETA + POSITIVE
    yield "binom", s.binom, _slope_of_binom, "m: {2.0, 5.0, 7.5}, " + UNIT
    yield (
        "multigammaln",
        lambda x: s.multigammaln(x + 1, 3),
        lambda x: s.psi(x + 1) + s.psi(x + 0.5) + s.psi(x),
        POSITIVE,
    )
    yield "zeta by q", s.zeta, lambda k, x: -k * s.zeta(k + 1, x), "k: 2..5, " + POSITIVE


BETA = "b: {0.5, 1.0, 3.0, 40.0}, "


def _slope_of_poch(m: float, x: Any) -> Any:
    return s.poch(x, m) * (s.psi(x + m) - s.psi(x))


def _gamma_density(a: float, x: Any) -> Any:
    return np.exp(s.xlogy(a - 1, x) - x - s.gammaln(a))


def _slope_of_gammaincinv(a: float, x: Any) -> Any:
    return 1 / _gamma_density(a, s.gammaincinv(a, x))


def _beta_density(a: float, b: float, x: Any) -> Any:
    return np.exp(s.xlogy(a - 1, x) + s.xlog1py(b - 1, -x) - s.betaln(a, b))


def _slope_of_betaincinv(a: float, b: float, x: Any) -> Any:
    return 1 / _beta_density(a, b, s.betaincinv(a, b, x))


def _slope_of_binom(m: float, x: Any) -> Any:
    return s.binom(m, x) * (s.psi(m - x + 1) - s.psi(x + 1))


def _elliptic() -> Iterator[Row]:
    m = "m: {0.0, 0.2, 0.7, 0.99}, "
    yield (
        "ellipk",
        _inside(s.ellipk),
        lambda x: (s.ellipe(x) / (1 - x) - s.ellipk(x)) / (2 * x),
        UNIT,
    )
    yield "ellipkm1", _inside(s.ellipkm1), _slope_of_ellipkm1, UNIT
    yield "ellipe", _inside(s.ellipe), lambda x: (s.ellipe(x) - s.ellipk(x)) / (2 * x), UNIT
    yield (
        "ellipkinc by phi",
        lambda m, x: s.ellipkinc(x, m),
        lambda m, x: 1 / np.sqrt(1 - m * np.sin(x) ** 2),
        m + X,
    )
    yield (
        "ellipeinc by phi",
        lambda m, x: s.ellipeinc(x, m),
        lambda m, x: np.sqrt(1 - m * np.sin(x) ** 2),
        m + X,
    )
    for k, name, slope in (
        (0, "sn", lambda m, sn, cn, dn: cn * dn),
        (1, "cn", lambda m, sn, cn, dn: -sn * dn),
        (2, "dn", lambda m, sn, cn, dn: -m * sn * cn),
        (3, "ph", lambda m, sn, cn, dn: dn),
    ):
        yield (
            f"ellipj, {name}",
            lambda m, x, k=k: s.ellipj(x, m)[k],
            lambda m, x, slope=slope: slope(m, *s.ellipj(x, m)[:3]),
            m + X,
        )
    yield (
        "elliprc by x",
        lambda x: s.elliprc(x, 2.0),
        lambda x: -s.elliprd(2.0, 2.0, x) / 6,
        POSITIVE,
    )
    yield (
        "elliprf by x",
        lambda x: s.elliprf(x, 2.0, 0.5),
        lambda x: -s.elliprd(2.0, 0.5, x) / 6,
        POSITIVE,
    )
    yield (
        "elliprg by x",
        lambda x: s.elliprg(x, 2.0, 0.5),
        lambda x: (s.elliprf(x, 2.0, 0.5) - x / 3 * s.elliprd(2.0, 0.5, x)) / 4,
        POSITIVE,
    )


def _slope_of_ellipkm1(x: Any) -> Any:
    return -(s.ellipe(1 - x) / x - s.ellipkm1(x)) / (2 * (1 - x))


def _polynomials() -> Iterator[Row]:
    k, real = "k: 0..5, ", "k: {0.5, 1.0, 2.7}, "
    yield "eval_chebyt", s.eval_chebyt, lambda k, x: k * s.eval_chebyu(k - 1, x), k + X
    yield (
        "eval_chebyt of real order",
        s.eval_chebyt,
        lambda k, x: k * s.eval_chebyu(k - 1, x),
        real + UNIT,
    )
    yield (
        "eval_hermite",
        s.eval_hermite,
        lambda k, x: 2 * k * s.eval_hermite(k - 1, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_hermitenorm",
        s.eval_hermitenorm,
        lambda k, x: k * s.eval_hermitenorm(k - 1, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_laguerre",
        s.eval_laguerre,
        lambda k, x: -s.eval_genlaguerre(k - 1, 1, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_genlaguerre",
        lambda k, x: s.eval_genlaguerre(k, 0.7, x),
        lambda k, x: -s.eval_genlaguerre(k - 1, 1.7, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_legendre",
        s.eval_legendre,
        lambda k, x: s.eval_gegenbauer(k - 1, 1.5, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_gegenbauer",
        lambda k, x: s.eval_gegenbauer(k, 0.7, x),
        lambda k, x: 1.4 * s.eval_gegenbauer(k - 1, 1.7, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_jacobi",
        lambda k, x: s.eval_jacobi(k, 0.7, -0.3, x),
        lambda k, x: (k + 1.4) / 2 * s.eval_jacobi(k - 1, 1.7, 0.7, x),
        "k: 1..5, " + X,
    )
    yield (
        "eval_sh_legendre",
        s.eval_sh_legendre,
        lambda k, x: 2 * s.eval_gegenbauer(k - 1, 1.5, 2 * x - 1),
        "k: 1..5, " + X,
    )
    for diff in (1, 2):
        yield (
            f"legendre_p, diff_n = {diff}",
            lambda k, x, d=diff: s.legendre_p(k, x, diff_n=d)[d - 1],
            lambda k, x, d=diff: s.legendre_p(k, x, diff_n=d)[d],
            k + X,
        )
        yield (
            f"assoc_legendre_p, diff_n = {diff}",
            _inside(lambda k, m, x, d=diff: s.assoc_legendre_p(k, m, 2 * x - 1, diff_n=d)[d - 1]),
            lambda k, m, x, d=diff: 2 * s.assoc_legendre_p(k, m, 2 * x - 1, diff_n=d)[d],
            "k: 0..3, m: -3..3, " + UNIT,
        )
        yield (
            f"assoc_legendre_p normed, diff_n = {diff}",
            _inside(
                lambda k, m, x, d=diff: s.assoc_legendre_p(k, m, 2 * x - 1, norm=True, diff_n=d)[
                    d - 1
                ]
            ),
            lambda k, m, x, d=diff: 2 * s.assoc_legendre_p(k, m, 2 * x - 1, norm=True, diff_n=d)[d],
            "k: 0..3, m: -3..3, " + UNIT,
        )
        yield (
            f"sph_legendre_p, diff_n = {diff}",
            lambda k, m, x, d=diff: s.sph_legendre_p(k, m, x, diff_n=d)[d - 1],
            lambda k, m, x, d=diff: s.sph_legendre_p(k, m, x, diff_n=d)[d],
            "k: 0..3, m: -3..3, " + UNIT,
        )
    for by, name in ((0, "theta"), (1, "phi")):
        for part in ("real", "imag"):
            yield (
                f"sph_harm_y by {name}, {part}",
                lambda k, m, x, by=by, part=part: getattr(_harmonic(k, m, x, by, 0), part),
                lambda k, m, x, by=by, part=part: getattr(_harmonic(k, m, x, by, 1)[..., by], part),
                "k: 0..3, m: -3..3, " + UNIT,
            )


def _harmonic(k: int, m: int, x: Any, by: int, diff: int) -> Any:
    theta, phi = (x, 0.4) if by == 0 else (1.1, x)
    found = s.sph_harm_y(k, m, theta, phi, diff_n=diff)
    return found if diff == 0 else found[1]


def _waves() -> Iterator[Row]:
    at = "m: 0..2, c: {0.1, 1.0, 5.0}, "
    for name in ("pro_ang1", "obl_ang1"):
        function = getattr(s, name)
        yield _of_pair(name, lambda m, c, x, f=function: f(m, m + 1, c, x), at + "x: unit[n]")
    for name in ("pro_rad1", "pro_rad2"):
        function = getattr(s, name)
        yield _of_pair(name, lambda m, c, x, f=function: _moved(f, m, c, x), at + POSITIVE)
    for name in ("obl_rad1", "obl_rad2"):
        function = getattr(s, name)
        yield _of_pair(name, lambda m, c, x, f=function: f(m, m + 1, c, x), at + POSITIVE)
    q = "m: 1..3, q: {0.0, 0.5, 4.0, 20.0}, "
    for name in ("mathieu_cem", "mathieu_sem"):
        yield _of_pair(f"{name}, x in degrees", getattr(s, name), q + X)
    for name in ("mathieu_modcem1", "mathieu_modcem2", "mathieu_modsem1", "mathieu_modsem2"):
        yield _of_pair(name, getattr(s, name), "m: 1..3, q: {0.5, 4.0, 20.0}, " + UNIT)
    v = "v: {-2.0, -0.5, 0.0, 0.7, 3.0}, "
    for name in ("pbdv", "pbvv", "pbwa"):
        yield _of_pair(name, getattr(s, name), v + X)


def _moved(function: Callable[..., Any], m: int, c: float, x: Any) -> Any:
    return function(m, m + 1, c, 1 + x)  # defined beyond 1


def _distributions() -> Iterator[Row]:
    df = "k: {1.0, 2.0, 5.5, 60.0}, "
    yield "chdtr", s.chdtr, lambda k, x: _gamma_density(k / 2, x / 2) / 2, df + POSITIVE
    yield "chdtrc", s.chdtrc, lambda k, x: -_gamma_density(k / 2, x / 2) / 2, df + POSITIVE
    yield "stdtr", s.stdtr, _student, df + X
    yield "fdtr", s.fdtr, _f_density, "a: {1.0, 3.0}, b: {1.0, 4.0}, " + POSITIVE
    yield "gdtr", lambda b, x: s.gdtr(1.5, b, x), _gdtr_density, "b: {0.5, 1.0, 3.0}, " + POSITIVE
    yield "pdtr by m", s.pdtr, _slope_of_pdtr, "k: 0..4, " + POSITIVE
    yield "bdtr by p", lambda k, x: s.bdtr(k, 6, x), _slope_of_bdtr, "k: 0..5, " + UNIT
    yield "kolmogorov", s.kolmogorov, s._ufuncs._kolmogp, POSITIVE
    yield "kolmogi", s.kolmogi, lambda x: 1 / s._ufuncs._kolmogp(s.kolmogi(x)), UNIT
    yield "smirnov", s.smirnov, s._ufuncs._smirnovp, "k: 1..6, " + UNIT
    yield (
        "smirnovi",
        _inside(s.smirnovi),
        lambda k, x: 1 / s._ufuncs._smirnovp(k, s.smirnovi(k, x)),
        "k: 1..6, " + UNIT,
    )
    yield "tklmbda inverse", _tukey, _slope_of_tukey, "lam: {-0.5, 0.3, 1.0, 2.0}, " + UNIT


def _student(k: float, x: Any) -> Any:
    constant = s.gammaln((k + 1) / 2) - s.gammaln(k / 2) - np.log(k * np.pi) / 2
    return np.exp(constant - (k + 1) / 2 * np.log1p(x * x / k))


def _f_density(a: float, b: float, x: Any) -> Any:
    u = a * x / (a * x + b)
    return _beta_density(a / 2, b / 2, u) * a * b / (a * x + b) ** 2


def _gdtr_density(b: float, x: Any) -> Any:
    return 1.5 * _gamma_density(b, 1.5 * x)


def _slope_of_pdtr(k: int, x: Any) -> Any:
    return -np.exp(s.xlogy(k, x) - x - s.gammaln(k + 1))


def _slope_of_bdtr(k: int, x: Any) -> Any:
    return -(6 - k) * s.binom(6, k) * x**k * (1 - x) ** (5 - k)


def _tukey(lam: float, x: Any) -> Any:
    return s.tklmbda((x**lam - (1 - x) ** lam) / lam, lam)


def _slope_of_tukey(lam: float, x: Any) -> Any:
    return np.ones_like(x)


def _elementary() -> Iterator[Row]:
    lam = "lam: {-1.5, 0.0, 0.5, 1.0, 2.0}, "
    yield "expit", s.expit, lambda x: s.expit(x) * s.expit(-x), X
    yield "log_expit", s.log_expit, lambda x: s.expit(-x), X
    yield "logit", s.logit, lambda x: 1 / (x * (1 - x)), UNIT
    yield "exprel", s.exprel, _slope_of_exprel, X
    yield "cosm1", s.cosm1, lambda x: -np.sin(x), X
    yield "sindg", s.sindg, lambda x: np.pi / 180 * s.cosdg(x), X
    yield "cosdg", s.cosdg, lambda x: -np.pi / 180 * s.sindg(x), X
    yield "tandg", s.tandg, lambda x: np.pi / 180 * (1 + s.tandg(x) ** 2), X
    yield "cbrt", s.cbrt, lambda x: 1 / (3 * s.cbrt(x) ** 2), POSITIVE
    yield "exp2", s.exp2, lambda x: np.log(2) * s.exp2(x), X
    yield "exp10", s.exp10, lambda x: np.log(10) * s.exp10(x), X
    yield "boxcox", lambda lam, x: s.boxcox(x, lam), lambda lam, x: x ** (lam - 1), lam + POSITIVE
    yield (
        "boxcox1p",
        lambda lam, x: s.boxcox1p(x, lam),
        lambda lam, x: (1 + x) ** (lam - 1),
        lam + POSITIVE,
    )
    yield (
        "inv_boxcox",
        lambda lam, x: s.inv_boxcox(x, lam),
        lambda lam, x: s.inv_boxcox(x, lam) ** (1 - lam),
        lam + UNIT,
    )
    yield "boxcox by lambda", s.boxcox, _slope_of_boxcox, "y: {0.3, 1.0, 2.5}, lam: [n]"
    yield "xlogy by y", s.xlogy, lambda a, x: a / x, "a: {-1.0, 0.0, 2.0}, " + POSITIVE
    yield "xlog1py by y", s.xlog1py, lambda a, x: a / (1 + x), "a: {-1.0, 0.0, 2.0}, " + POSITIVE
    yield "entr", s.entr, lambda x: -np.log(x) - 1, POSITIVE
    yield "rel_entr by x", s.rel_entr, lambda y, x: -y / x, "y: {0.0, 0.4, 2.0}, " + POSITIVE
    yield "kl_div by y", s.kl_div, lambda y, x: 1 - y / x, "y: {0.0, 0.4, 2.0}, " + POSITIVE
    yield "huber", s.huber, lambda d, x: np.clip(x, -d, d), "d: {0.5, 1.0, 40.0}, " + X
    yield (
        "pseudo_huber",
        s.pseudo_huber,
        lambda d, x: x / np.sqrt(1 + (x / d) ** 2),
        "d: {0.5, 1.0, 40.0}, " + X,
    )
    yield "lambertw", lambda x: s.lambertw(x).real, _slope_of_lambertw, POSITIVE
    yield (
        "wrightomega",
        s.wrightomega,
        lambda x: s.wrightomega(x) / (1 + s.wrightomega(x)),
        X,
    )
    yield (
        "spence",
        s.spence,
        lambda x: np.where(x == 1, -1.0, -np.log(x) / np.where(x == 1, 1.0, x - 1)),
        POSITIVE,
    )
    yield (
        "powm1 by x",
        lambda p, x: s.powm1(x, p),
        lambda p, x: p * x ** (p - 1),
        lam.replace("lam", "p") + POSITIVE,
    )
    yield "diric", lambda k, x: s.diric(x, k), _slope_of_diric, "k: 1..5, " + POSITIVE


def _slope_of_exprel(x: Any) -> Any:
    safe = np.where(np.abs(x) < 1e-3, 1.0, x)
    series = 1 / 2 + x / 3 + x * x / 8 + x**3 / 30 + x**4 / 144
    return np.where(np.abs(x) < 1e-3, series, (np.exp(safe) - s.exprel(safe)) / safe)


def _slope_of_boxcox(y: float, lam: Any) -> Any:
    log = np.log(y)
    safe = np.where(np.abs(lam) < 1e-4, 1.0, lam)
    near = log * log * (1 / 2 + lam * log / 3 + (lam * log) ** 2 / 8)
    far = (y**safe * (safe * log - 1) + 1) / safe**2
    return np.where(np.abs(lam) < 1e-4, near, far)


def _slope_of_lambertw(x: Any) -> Any:
    w = s.lambertw(x).real
    return np.exp(-w) / (1 + w)


def _slope_of_diric(k: int, x: Any) -> Any:
    m = k
    up, down = np.sin(m * x / 2), m * np.sin(x / 2)
    return (m / 2 * np.cos(m * x / 2) * down - up * m / 2 * np.cos(x / 2)) / down**2


def _hypergeometric() -> Iterator[Row]:
    a = "a: {-1.5, 0.5, 1.0, 3.0}, b: {0.5, 1.0, 2.5}, "
    yield "hyp0f1", s.hyp0f1, lambda b, x: s.hyp0f1(b + 1, x) / b, "b: {0.5, 1.0, 2.5}, " + X
    yield "hyp1f1", s.hyp1f1, lambda a, b, x: a / b * s.hyp1f1(a + 1, b + 1, x), a + X
    yield "hyperu", s.hyperu, lambda a, b, x: -a * s.hyperu(a + 1, b + 1, x), a + POSITIVE
    yield (
        "hyp2f1",
        _inside(lambda a, b, x: s.hyp2f1(a, b, 1.7, x)),
        lambda a, b, x: a * b / 1.7 * s.hyp2f1(a + 1, b + 1, 2.7, x),
        a + UNIT,
    )
    yield (
        "hyp2f1 below 0",
        lambda a, b, x: s.hyp2f1(a, b, 1.7, -x),
        lambda a, b, x: -a * b / 1.7 * s.hyp2f1(a + 1, b + 1, 2.7, -x),
        a + POSITIVE,
    )
    yield (
        "wright_bessel",
        s.wright_bessel,
        lambda a, b, x: s.wright_bessel(a, a + b, x),
        "a: {0.5, 1.0, 2.0}, b: {0.5, 1.0, 2.5}, " + POSITIVE,
    )


def _of_arrays() -> Iterator[Entry]:
    yield Entry("logsumexp", s.logsumexp, s.softmax, X)
    yield Entry("softmax", s.softmax, _product_of_softmax, X, "vjp")
    yield Entry("log_softmax", s.log_softmax, _product_of_log_softmax, X, "vjp")
    yield Entry(
        "log_softmax along an axis",
        lambda x: s.log_softmax(x, axis=0),
        lambda x, u: u - s.softmax(x, axis=0) * u.sum(axis=0),
        "x: [n,d]",
        "vjp",
    )
    yield Entry(
        "logsumexp with weights, by these",
        lambda b, x: s.logsumexp(x, b=b),
        lambda b, x: np.exp(x - s.logsumexp(x, b=b)),
        "b: positive[n], x: [n]",
        options={"wrt": "b"},
    )


def _product_of_softmax(x: Any, u: Any) -> Any:
    p = s.softmax(x)
    return p * (u - (p * u).sum())


def _product_of_log_softmax(x: Any, u: Any) -> Any:
    return u - s.softmax(x) * u.sum()
