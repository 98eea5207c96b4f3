"""statsmodels: likelihoods, scores and Hessians, families, links, norms, penalties, copulas."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from statsmodels.base import _penalties as penalties
from statsmodels.discrete import count_model as counts
from statsmodels.discrete import discrete_model as discrete
from statsmodels.discrete import truncated_model as truncated
from statsmodels.discrete.conditional_models import ConditionalLogit, ConditionalPoisson
from statsmodels.distributions.copula import depfunc_ev, transforms
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.genmod import families
from statsmodels.genmod.families import links, varfuncs
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.multivariate import factor_rotation
from statsmodels.othermod.betareg import BetaModel
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams
from statsmodels.robust import norms

from benchmarks.wild.entries import Entry, chain


def entries() -> Iterator[Entry]:
    """Yield all entries."""
    for entry in (
        *_discrete(),
        *_inflated(),
        *_others(),
        *_glm(),
        *_links(),
        *_norms(),
        *_penalties(),
        *_copulas(),
        *_rotations(),
    ):
        settled = SETTLED.get(entry.name, "")
        yield Entry(**{**vars(entry), "settled": settled}) if settled else entry


CLIPPED = "convention: the library clips probabilities in the value, and not in its slope"
BY_ALPHA = (
    "convention: the Hessian is by alpha, the score by its logarithm, until a fit sets a flag; by "
    "mpmath, and both hold once it is set"
)
TRUNCATED = (
    "defect: the score of the term that the truncation adds is another than mpmath's, with which "
    "the value agrees to 13 digits"
)
SETTLED: dict[str, str] = {
    "ConditionalLogit: Hessian": (
        "lost digits: a numeric derivative by design, of forward differences"
    ),
    "Probit: score": CLIPPED,
    "Probit: Hessian": CLIPPED,
    "Probit: score_obs": CLIPPED,
    **{
        f"PHReg, breslow{of}: Hessian": (
            "defect: exp of a predictor of -700 is 0 for all that are at risk, and 0 / 0 nan"
        )
        for of in ("", ", with entries and strata")
    },
    **{
        f"TruncatedLFNegativeBinomialP above {t}: Hessian": (
            "defect: nan at alpha = 7e-9, where its numeric derivative steps below 0"
        )
        for t in (0, 1)
    },
    "GeneralizedPoisson, p = 2: score": (
        "convention: a mean below 1e-20 is clipped in one term of the value, and not in its slope"
    ),
    "link Logit: inverse_deriv": "defect: exp(1000) is inf, and inf / inf**2 nan; 0 is right",
    "Logit: _deriv_mean_dparams": "defect: exp(800) / (1 + exp(800))**2 is nan, where 0 is right",
    "NegativeBinomial, nb2: Hessian": BY_ALPHA,
    "NegativeBinomial, nb1: Hessian": BY_ALPHA,
    "NegativeBinomialP, p = 1: Hessian": (
        "lost digits: at alpha = 1.2e-6 a mixed entry is -1.36001, and -1.35914 by mpmath"
    ),
    "NegativeBinomialP, p = 1.5: Hessian": (
        "defect: the mixed entries are wrong for p other than 1 and 2 (0.065 for 0.130, -0.122 for "
        "-0.057); the others, the value and the score agree with mpmath to 13 digits"
    ),
    **{
        f"TruncatedLFGeneralizedPoisson above {t}: {of}": TRUNCATED
        for t in (0, 1)
        for of in ("score", "score_obs", "Hessian")
    },
    "ZeroInflatedPoisson, logit, saturated: score": CLIPPED,
    "ZeroInflatedPoisson, logit, saturated: score_obs": CLIPPED,
    "ZeroInflatedPoisson, logit, saturated: Hessian": "defect: as without saturation, below",
    "ZeroInflatedPoisson, logit: Hessian": (
        "defect: the block between the inflation and the rate is 0, by mpmath 0.1797 and 0.0359 "
        "at y = 0, 1, 3; all others agree to 13 digits"
    ),
    "ZeroInflatedPoisson, probit, one observation: score": (
        "defect: the numeric Jacobian of one observation is squeezed, and then summed over the "
        "parameters; the shape alone shows it"
    ),
    **{
        f"TruncatedLFPoisson above {t}: Hessian": (
            "lost digits: a numeric derivative by design, whose error at a slope of 0 is 7e-7"
        )
        for t in (0, 1)
    },
    "copula's TransfFrank: deriv": (
        "defect: the sign; at 0.5 and theta 2 it is -1.163953 by hand, and 1.163953 is given. The "
        "second derivative has the same error, and so agrees with it"
    ),
    "copula's TransfGumbel: deriv2": (
        "defect: (-1) ** (1 + theta) is complex, or nan, for theta other than whole; central "
        "differences give 4.8536 at 0.5 and theta 1.1"
    ),
    "Pickands' TEV: deriv": "defect: the numeric derivative does not hand on rho and df",
    "link Logit: inverse_deriv2": (
        "defect: it divides by slopes of a clipped mean; -inf at 40, where -4.2e-18 is right, and "
        "-2.22e-16 at 36 for -2.32e-16, by central differences"
    ),
    "link CLogLog: inverse_deriv2": (
        "lost digits: by 1 - exp(-exp(z)) near 0; at -14 8.3153e-07 to six digits, by hand"
    ),
    "link LogLog: inverse_deriv2": "defect: 0 / 0 where the slope underflows; 0 is right",
    "link NegativeBinomial: inverse_deriv2": "defect: 0 / 0 where the slope underflows; 0 is right",
    "GLM, Gamma, InversePower: score": "defect: nan at a mean that is clipped",
    "GLM, NegativeBinomial: _deriv_mean_dparams": "defect: nan at a mean that is clipped",
}
NUMERIC = 1e-4


def _shifted(params: Any, last: int, by: float = 1) -> Any:
    """Return parameters, positive ones of which all but the last lie around 0."""
    moved = np.array(params)
    moved[: len(moved) - last] -= by
    return moved


def _model(
    name: str,
    make: Callable[..., Any],
    data: str,
    size: str,
    positive: int = 0,
    calm: bool = False,
    **more: Any,
) -> Iterator[Entry]:
    """Yield the chain of a model, and its scores by observation.

    make: from the data, whose spec is `data`, a model. positive: how many of the last parameters
    are; the model then gets positive parameters of which the others are moved by one. calm: all
    parameters are small, since the library clips probabilities, and not their slopes.
    """

    def of(method: str) -> Callable[..., Any]:
        if calm:
            return lambda model, params: getattr(model, method)(_shifted(params, positive, 0.5))
        if positive:
            return lambda model, params: getattr(model, method)(_shifted(params, positive))
        return lambda model, params: getattr(model, method)(params)

    kind = "unit" if calm else "positive" if positive else "float"
    inputs = f"{data}, params: {kind}[{size}]"
    options = {"given": make, "wrt": "params", **more}
    yield from chain(name, of("loglike"), of("score"), of("hessian"), inputs, **options)
    model: Any = getattr(make, "of", None)
    if model is None or (hasattr(model, "loglikeobs") and hasattr(model, "score_obs")):
        yield Entry(
            f"{name}: score_obs", of("loglikeobs"), of("score_obs"), inputs, "jacobian", options
        )


def _discrete() -> Iterator[Entry]:
    binary, count = "y: bool[n], X: [n,d]", "y: count[n], X: [n,d]"
    for model in (discrete.Logit, discrete.Probit):
        make = _maker(model)
        yield from _model(model.__name__, make, binary, "d")
        yield from _model(
            f"{model.__name__}, not saturated", make, "y: bool[n], X: unit[n,d]", "d", calm=True
        )
    yield from _model("Poisson", _maker(discrete.Poisson), count, "d")
    yield from _model(
        "Poisson with exposure",
        lambda y, X, e: discrete.Poisson(y, X, exposure=e, check_rank=False),
        count + ", e: positive[n]",
        "d",
    )
    for classes in (2, 3):
        yield from _flat_model(
            f"MNLogit of {classes} classes",
            lambda y, X, k=classes: _several(y, X, k),
            f"y: int[n] < {classes}, X: [n,d], n >= {classes}",
            f"{classes - 1}*d",
        )
    for method in ("nb2", "nb1"):
        yield from _model(
            f"NegativeBinomial, {method}",
            lambda y, X, m=method: discrete.NegativeBinomial(y, X, m, check_rank=False),
            count,
            "d+1",
            1,
        )
    for method in ("nb2", "nb1"):
        yield from _model(
            f"NegativeBinomial, {method}, by alpha itself",
            lambda y, X, m=method: _by_alpha(discrete.NegativeBinomial(y, X, m, check_rank=False)),
            count,
            "d+1",
            1,
        )
    yield from _model(
        "NegativeBinomial, geometric",
        lambda y, X: discrete.NegativeBinomial(y, X, "geometric", check_rank=False),
        count,
        "d",
    )
    for p in (1, 2, 1.5):
        yield from _model(
            f"NegativeBinomialP, p = {p}",
            lambda y, X, p=p: discrete.NegativeBinomialP(y, X, p=p, check_rank=False),
            count,
            "d+1",
            1,
        )
        yield from _model(
            f"GeneralizedPoisson, p = {p}",
            lambda y, X, p=p: discrete.GeneralizedPoisson(y, X, p=p, check_rank=False),
            count,
            "d+1",
            1,
        )
    for name, make, size, positive in (
        ("Logit", _maker(discrete.Logit), "d", 0),
        ("Probit", _maker(discrete.Probit), "d", 0),
        ("Poisson", _maker(discrete.Poisson), "d", 0),
        ("NegativeBinomialP", _maker(discrete.NegativeBinomialP), "d+1", 1),
        ("GeneralizedPoisson", _maker(discrete.GeneralizedPoisson), "d+1", 1),
    ):
        labels = binary if name in {"Logit", "Probit"} else count
        yield Entry(
            f"{name}: _deriv_mean_dparams",
            lambda model, params, p=positive: model.predict(_shifted(params, p) if p else params),
            lambda model, params, p=positive: model._deriv_mean_dparams(
                _shifted(params, p) if p else params
            ),
            f"{labels}, params: {'positive' if positive else 'float'}[{size}]",
            "jacobian",
            {"given": make, "wrt": "params"},
        )


def _by_alpha(model: Any) -> Any:
    """Return a model as it is once it was fitted: its parameter is alpha, not its logarithm."""
    model._transparams = False
    return model


def _maker(model: Any) -> Callable[[Any, Any], Any]:
    def make(y: Any, X: Any) -> Any:
        return model(np.asarray(y, float), X, check_rank=False)

    return make


def _several(y: Any, X: Any, classes: int) -> Any:
    y = np.array(y)
    y[:classes] = np.arange(classes)  # all are seen
    return discrete.MNLogit(y, X, check_rank=False)


def _flat_model(
    name: str, make: Callable[..., Any], data: str, size: str, **more: Any
) -> Iterator[Entry]:
    """Yield the chain of a model of several equations, whose parameters are a vector of columns."""
    yield from chain(
        name,
        lambda model, params: model.loglike(params),
        lambda model, params: model.score(params),
        lambda model, params: model.hessian(params),
        f"{data}, params: [{size}]",
        given=make,
        wrt="params",
        **more,
    )


def _inflated() -> Iterator[Entry]:
    wide, count = "y: count[n], X: [n,d], Z: [n,e]", "y: count[n], X: unit[n,d], Z: unit[n,e]"
    yield from _model(
        "ZeroInflatedPoisson, logit, saturated",
        lambda y, X, Z: counts.ZeroInflatedPoisson(y, X, exog_infl=Z),
        wide,
        "d+e",
    )
    for inflation in ("logit", "probit"):
        numeric: Any = {"rel": NUMERIC} if inflation == "probit" else {}  # by design
        yield from _model(
            f"ZeroInflatedPoisson, {inflation}",
            lambda y, X, Z, i=inflation: counts.ZeroInflatedPoisson(y, X, Z, inflation=i),
            count + ", n >= 2",
            "d+e",
            calm=True,
            **numeric,
        )
    yield Entry(
        "ZeroInflatedPoisson, probit, one observation: score",
        lambda model, params: model.loglike(params),
        lambda model, params: model.score(params),
        "y: count[1], X: unit[1,d], Z: unit[1,e], params: unit[d+e]",
        options={
            "given": lambda y, X, Z: counts.ZeroInflatedPoisson(y, X, Z, inflation="probit"),
            "wrt": "params",
            "rel": NUMERIC,
        },
    )
    for p in (1, 2):
        yield from _model(
            f"ZeroInflatedGeneralizedPoisson, p = {p}",
            lambda y, X, Z, p=p: counts.ZeroInflatedGeneralizedPoisson(y, X, Z, p=p),
            count,
            "d+e+1",
            1,
            calm=True,
            rel=NUMERIC,  # the Hessian, by design
        )
        yield from _model(
            f"ZeroInflatedNegativeBinomialP, p = {p}",
            lambda y, X, Z, p=p: counts.ZeroInflatedNegativeBinomialP(y, X, Z, p=p),
            count,
            "d+e+1",
            1,
            calm=True,
            rel=NUMERIC,  # the Hessian, by design
        )
    above = "y: int[n] < 5, X: unit[n,d]"
    for name, model, size, positive in (
        ("TruncatedLFPoisson", truncated.TruncatedLFPoisson, "d", 0),
        ("TruncatedLFNegativeBinomialP", truncated.TruncatedLFNegativeBinomialP, "d+1", 1),
        ("TruncatedLFGeneralizedPoisson", truncated.TruncatedLFGeneralizedPoisson, "d+1", 1),
    ):
        for least in (0, 1):
            yield from _model(
                f"{name} above {least}",
                lambda y, X, model=model, t=least: model(y + t + 1, X, truncation=t),
                above,
                size,
                positive,
                calm=True,
                rel=NUMERIC,  # the Hessian, by design
            )


def _others() -> Iterator[Entry]:
    for ties in ("breslow", "efron"):
        yield from chain(
            f"PHReg, {ties}",
            lambda model, params: model.loglike(params),
            lambda model, params: model.score(params),
            lambda model, params: model.hessian(params),
            "t: positive[n], X: [n,d], seen: bool[n], params: [d], n >= 2",
            given=lambda t, X, seen, ties=ties: PHReg(
                t, X, status=np.append(1, seen[1:]), ties=ties
            ),
            wrt="params",
        )
        yield from chain(
            f"PHReg, {ties}, with entries and strata",
            lambda model, params: model.loglike(params),
            lambda model, params: model.score(params),
            lambda model, params: model.hessian(params),
            "t: count[n], X: [n,d], s: int[n] < 2, params: [d], n >= 3",
            given=lambda t, X, s, ties=ties: PHReg(
                t + 2.0, X, status=np.ones(len(t)), entry=t % 2 + 0.5, strata=s, ties=ties
            ),
            wrt="params",
        )
    for precision, label in ((None, "log"), (links.Identity(), "identity")):
        yield from _model(
            f"BetaModel, {label} of precision",
            lambda y, X, link=precision: BetaModel(
                np.clip(y, 1e-3, 1 - 1e-3), X, **({"link_precision": link} if link else {})
            ),
            "y: unit[n], X: unit[n,d], n >= 2",
            "d+1",
            1,
            calm=True,
        )
    for distribution in ("probit", "logit"):
        yield from _model(
            f"OrderedModel, {distribution}",
            lambda y, X, d=distribution: OrderedModel(_of_three(y), X, distr=d),
            "y: int[n] < 3, X: unit[n,d], n >= 3",
            "d+2",
            calm=True,
            rel=NUMERIC,  # by design
        )
    yield from chain(
        "ConditionalLogit",
        lambda model, params: model.loglike(params),
        lambda model, params: model.score(params),
        lambda model, params: model.hessian(params),
        "y: bool[n], X: [n,d], params: [d], n >= 4",
        given=lambda y, X: ConditionalLogit(
            np.append([0, 1, 1], y[3:]), X, groups=np.arange(len(y)) * 2 // len(y)
        ),
        wrt="params",
        rel=NUMERIC,  # the Hessian, by design
    )
    yield Entry(
        "ConditionalPoisson: score",
        lambda model, params: model.loglike(params),
        lambda model, params: model.score(params),
        "y: count[n], X: [n,d], params: [d], n >= 4, d >= 2",
        options={
            "given": lambda y, X: ConditionalPoisson(
                y + np.arange(len(y)) * 1000.0, X, groups=np.arange(len(y)) * 2 // len(y)
            ),
            "wrt": "params",
        },
    )
    for free in (True, False):
        yield Entry(
            f"MixedLM, {'REML' if free else 'ML'}: score",
            lambda model, params: model.loglike(_packed(params), profile_fe=False),
            lambda model, params: model.score(_packed(params), profile_fe=False),
            "y: [n], X: [n,2], Z: [n,2], params: positive[5], n >= 6",
            options={
                "given": lambda y, X, Z, free=free: _mixed(y, X, Z, free),
                "wrt": "params",
            },
        )


def _of_three(y: Any) -> Any:
    y = np.array(y)
    y[:3] = np.arange(3)
    return y


def _packed(params: Any) -> Any:
    return MixedLMParams.from_packed(params, 2, 2, use_sqrt=True, has_fe=True)


def _mixed(y: Any, X: Any, Z: Any, free: bool) -> Any:
    model = MixedLM(y, X, np.arange(len(y)) % 3, exog_re=Z)
    model.reml, model.use_sqrt = free, True
    model.cov_pen = model.fe_pen = model._freepat = None
    return model


FAMILIES: tuple[tuple[str, Callable[[Any], Any], str, dict[str, Any]], ...] = (
    (
        "Gaussian",
        families.Gaussian,
        "y: [n]",
        {"Identity": links.Identity, "Log": links.Log, "InversePower": links.InversePower},
    ),
    (
        "Binomial",
        families.Binomial,
        "y: unit[n]",
        {
            "Logit": links.Logit,
            "Probit": links.Probit,
            "CLogLog": links.CLogLog,
            "LogLog": links.LogLog,
            "Cauchy": links.Cauchy,
        },
    ),
    (
        "Poisson",
        families.Poisson,
        "y: count[n]",
        {"Log": links.Log, "Identity": links.Identity, "Sqrt": links.Sqrt},
    ),
    (
        "Gamma",
        families.Gamma,
        "y: positive[n]",
        {"Log": links.Log, "Identity": links.Identity, "InversePower": links.InversePower},
    ),
    (
        "InverseGaussian",
        families.InverseGaussian,
        "y: positive[n]",
        {"Log": links.Log, "InverseSquared": links.InverseSquared},
    ),
    (
        "NegativeBinomial",
        lambda link: families.NegativeBinomial(link, alpha=0.7),
        "y: count[n]",
        {"Log": links.Log, "NegativeBinomial": lambda: links.NegativeBinomial(0.7)},
    ),
    (
        "Tweedie",
        lambda link: families.Tweedie(link, var_power=1.5, eql=True),
        "y: positive[n]",
        {"Log": links.Log},
    ),
)


def _glm() -> Iterator[Entry]:
    for name, family, labels, allowed in FAMILIES:
        for link, make in allowed.items():
            # Where a mean has to be positive, so have the terms of a predictor that is it.
            sign = -1.0 if link == "NegativeBinomial" else 1.0
            by = 0.0 if link in POSITIVE_LINKS else 0.5
            yield from chain(
                f"GLM, {name}, {link}",
                lambda model, params, s=sign, by=by: model.loglike(s * params - by, scale=1.0),
                lambda model, params, s=sign, by=by: s * model.score(s * params - by, scale=1.0),
                lambda model, params, s=sign, by=by: model.hessian(
                    s * params - by, scale=1.0, observed=True
                ),
                f"{labels}, X: unit[n,d], w: positive[n], params: unit[d]",
                given=lambda y, X, w, family=family, make=make: GLM(
                    y, X, family=family(make()), freq_weights=w
                ),
                wrt="params",
            )
        yield Entry(
            f"family {name}: deviance",
            lambda y, mu, f=family, make=make: f(make()).deviance(y, mu),
            lambda y, mu, f=family, make=make: -2 * (y - mu) / f(make()).variance(mu),
            f"{labels}, mu: {'unit' if name == 'Binomial' else 'positive'}[n]",
            options={"wrt": "mu"},
        )
        yield Entry(
            f"GLM, {name}: _deriv_mean_dparams",
            lambda model, params: model.predict(params),
            lambda model, params: model._deriv_mean_dparams(params),
            f"{labels}, X: positive[n,d], params: positive[d]",
            "jacobian",
            {
                "given": lambda y, X, family=family, make=make: GLM(y, X, family=family(make())),
                "wrt": "params",
            },
        )


POSITIVE_LINKS = {"Identity", "Sqrt", "InversePower", "InverseSquared", "NegativeBinomial"}


def _links() -> Iterator[Entry]:
    for name, link, kind, side in (
        ("Logit", links.Logit(), "unit", "float"),
        ("Probit", links.Probit(), "unit", "float"),
        ("CLogLog", links.CLogLog(), "unit", "float"),
        ("LogLog", links.LogLog(), "unit", "float"),
        ("Cauchy", links.Cauchy(), "unit", "float"),
        ("LogC", links.LogC(), "unit", "negative"),
        ("Log", links.Log(), "positive", "float"),
        ("Identity", links.Identity(), "float", "float"),
        ("Sqrt", links.Sqrt(), "positive", "positive"),
        ("InversePower", links.InversePower(), "positive", "positive"),
        ("InverseSquared", links.InverseSquared(), "positive", "positive"),
        ("Power of 3", links.Power(3), "positive", "positive"),
        ("Power of 0.3", links.Power(0.3), "positive", "positive"),
        ("NegativeBinomial", links.NegativeBinomial(0.7), "positive", "negative"),
    ):
        sign, linear = (-1.0, "positive") if side == "negative" else (1.0, side)
        inside = _inside if kind == "unit" else _as_it_is
        for label, f, slope, spec, s in (
            ("deriv", inside(link), link.deriv, kind, 1.0),
            ("deriv2", inside(link.deriv), link.deriv2, kind, 1.0),
            ("inverse_deriv", link.inverse, link.inverse_deriv, linear, sign),
            ("inverse_deriv2", link.inverse_deriv, link.inverse_deriv2, linear, sign),
        ):
            if name == "Identity" and label.endswith("2"):
                continue  # 0, which no check can tell from another 0
            yield Entry(
                f"link {name}: {label}",
                lambda x, f=f, s=s: s * f(s * x),
                lambda x, slope=slope, s=s: slope(s * x),
                f"x: {spec}[n]",
                "elementwise",
            )
    for name, variance, kind in (
        ("Power of 1", varfuncs.mu, "positive"),
        ("Power of 2", varfuncs.mu_squared, "positive"),
        ("Power of 1.5", varfuncs.Power(1.5), "positive"),
        ("Binomial", varfuncs.binary, "unit"),
        ("NegativeBinomial", varfuncs.NegativeBinomial(0.7), "positive"),
    ):
        inside = _inside if kind == "unit" else _as_it_is
        yield Entry(
            f"variance {name}: deriv",
            inside(variance),
            variance.deriv,
            f"x: {kind}[n]",
            "elementwise",
        )


def _inside(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function of probabilities with no value at 0 and 1, which the library clips."""
    return lambda x: np.where((x > 1e-7) & (x < 1 - 1e-7), function(x), np.nan)


def _as_it_is(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return function


def _norms() -> Iterator[Entry]:
    for name, norm in (
        ("LeastSquares", norms.LeastSquares()),
        ("HuberT", norms.HuberT()),
        ("RamsayE", norms.RamsayE()),
        ("AndrewWave", norms.AndrewWave()),
        ("TrimmedMean", norms.TrimmedMean()),
        ("Hampel", norms.Hampel()),
        ("TukeyBiweight", norms.TukeyBiweight()),
        ("TukeyQuartic", norms.TukeyQuartic()),
        ("StudentT", norms.StudentT()),
    ):
        yield Entry(f"norm {name}: psi", norm.rho, norm.psi, "z: [n]", "elementwise")
        yield Entry(f"norm {name}: psi_deriv", norm.psi, norm.psi_deriv, "z: [n]", "elementwise")


def _penalties() -> Iterator[Entry]:
    for name, penalty in (
        ("L2", penalties.L2()),
        ("L2Univariate", penalties.L2Univariate()),
        ("PseudoHuber", penalties.PseudoHuber(0.7)),
        ("SCAD", penalties.SCAD(0.7)),
        ("SCADSmoothed", penalties.SCADSmoothed(0.7)),
    ):
        by_entry = name == "L2Univariate"
        for label, f, slope in pairwise_named(penalty):
            kind = "elementwise" if by_entry or label == "deriv2" else "gradient"
            yield Entry(f"penalty {name}: {label}", f, slope, "params: [d]", kind)


def pairwise_named(penalty: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each derivative of a penalty by its name, with the function that it is of."""
    methods = ["func", "deriv", "deriv2"]
    for one, other in pairwise(methods):
        yield other, getattr(penalty, one), getattr(penalty, other)


def _copulas() -> Iterator[Entry]:
    for name, transform, thetas in (
        ("TransfFrank", transforms.TransfFrank(), "{-2.0, 0.5, 4.0}"),
        ("TransfClayton", transforms.TransfClayton(), "{0.5, 1.0, 4.0}"),
        ("TransfGumbel", transforms.TransfGumbel(), "{1.1, 2.0, 4.0}"),
        ("TransfIndep", transforms.TransfIndep(), "{1.0}"),
    ):
        for f, slope, kind in (
            ("evaluate", "deriv", "unit"),
            ("deriv", "deriv2", "unit"),
            ("inverse", "deriv_inverse", "positive"),
            ("deriv_inverse", "deriv2_inverse", "positive"),
            ("deriv2_inverse", "deriv3_inverse", "positive"),
            ("deriv3_inverse", "deriv4_inverse", "positive"),
        ):
            if not (hasattr(transform, f) and hasattr(transform, slope)):
                continue
            yield Entry(
                f"copula's {name}: {slope}",
                _with_theta(transform, f, kind == "unit"),
                _with_theta(transform, slope, False),
                f"theta: {thetas}, x: {kind}[n]",
                "elementwise",
            )
    for name, dependence, args in (
        ("AsymLogistic", depfunc_ev.AsymLogistic(), (0.4, 0.7, 0.6)),
        ("AsymNegLogistic", depfunc_ev.AsymNegLogistic(), (0.4, 0.7, -1.5)),
        ("AsymMixed", depfunc_ev.AsymMixed(), (0.4, 0.2)),
        ("HR", depfunc_ev.HR(), (0.7,)),
        ("TEV", depfunc_ev.TEV(), (0.4, 3.0)),
    ):
        for f, slope in (("evaluate", "deriv"), ("deriv", "deriv2"))[: 1 if name == "TEV" else 2]:
            yield Entry(
                f"Pickands' {name}: {slope}",
                lambda t, d=dependence, f=f, a=args: np.where(
                    (t > 0) & (t < 1), getattr(d, f)(t, *a), np.nan
                ),
                lambda t, d=dependence, slope=slope, a=args: getattr(d, slope)(t, *a),
                "t: unit[n]",
                "elementwise",
            )


def _with_theta(transform: Any, method: str, inside: bool) -> Callable[[float, Any], Any]:
    """Return a method of a transform with its parameter in front; inside: of 0 < x < 1 alone."""
    function = getattr(transform, method)
    if isinstance(transform, transforms.TransfIndep):
        return lambda theta, x: (
            np.where((x > 0) & (x < 1), function(x), np.nan) if inside else function(x)
        )
    if inside:
        return lambda theta, x: np.where((x > 0) & (x < 1), function(x, theta), np.nan)
    return lambda theta, x: function(x, theta)


def _rotations() -> Iterator[Entry]:
    target = np.arange(6.0).reshape(3, 2) / 4
    for name, options in (
        ("orthomax_objective", {"gamma": 1.0}),
        ("orthomax_objective", {"gamma": 0.3}),
        ("oblimin_objective", {"gamma": 0.0}),
        ("oblimin_objective", {"gamma": 0.5}),
        ("CF_objective", {"kappa": 0.0}),
        ("CF_objective", {"kappa": 0.4}),
        ("vgQ_target", {"H": target}),
        ("vgQ_partial_target", {"H": target, "W": (target > 0.5) * 1.0}),
    ):
        function = getattr(factor_rotation._gpa_rotation, name)
        label = ", ".join(f"{key} = {v}" for key, v in options.items() if np.ndim(v) == 0)
        for method in ("orthogonal", "oblique") if name[0] in "oC" else ("orthogonal",):
            if name == "orthomax_objective" and method == "oblique":
                continue
            at = {"rotation_method": method} if method == "oblique" else {}

            def both(T: Any, f: Any = function, o: Any = options, at: Any = at) -> Any:
                return f(**{**at, "L": T}, **o)

            yield Entry(
                f"{name}, {label or 'of a target'}, {method}",
                lambda T, both=both: both(T)[0],
                lambda T, both=both: both(T)[1],
                "T: [3,2]",
            )
