"""The gate of performance: whether the candidate earned enough, and provably more than chance and its market give."""

from __future__ import annotations

from trading.checks.baselines import OWN_RULES, BaselinesEvidence
from trading.checks.benchmark import BenchmarkEvidence
from trading.checks.evidence import Evidence
from trading.checks.overfitting import OverfittingEvidence
from trading.checks.regime_starts import RegimeStartsEvidence
from trading.checks.significance import SignificanceEvidence
from trading.checks.walk_forward import WalkForwardEvidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_least, at_most
from trading.results import MEASURE_AGAIN, CheckResult, Number, is_finite, unusable

STABLE = 0.9
"""Share of bars on which the likeliest starts of the regime model agree, under which a night says that they do not."""


def performance_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate that did not earn enough, or whose earnings chance or its market explains.

    All on the test split after costs. Of a candidate that made no trade there is nothing else to ask.

    Args:
        evidence: its metrics, significance, benchmark and baselines.
        limits: the thresholds of this gate.
    """
    trades = evidence.metrics.get("trades")
    enough = _enough_trades(trades, limits["min_trades"])
    if enough.code is ReasonCode.NO_TRADES:
        return [enough]
    return [
        enough,
        *_earned(evidence, limits),
        *_significant(evidence.section(SignificanceEvidence), limits),
        *_in_every_fold(evidence.section(WalkForwardEvidence), limits["min_psr"]),
        _choice_holds(evidence.section(OverfittingEvidence), limits["max_overfitting"]),
        *_beyond_market(evidence.section(BenchmarkEvidence), limits),
        _starts_agree(evidence.section(RegimeStartsEvidence), limits["min_start_agreement"]),
        _beats_own_rules(evidence.section(BaselinesEvidence), limits["min_baselines_beaten"]),
    ]


def _enough_trades(trades: Number, least: float) -> CheckResult:
    if trades is not None and is_finite(trades) and trades < 1:
        return at_least(
            "trades",
            trades,
            max(least, 1),
            code=ReasonCode.NO_TRADES,
            message="the candidate made no trade on the test split, so there is no performance to judge",
            remedy="Look at the confidence first: where the calibrator is flat there is nothing to trade. Give it more "
            "history, or another engine or interval; a lower risk.min_confidence trades what is known to tell nothing.",
        )
    return at_least(
        "trades",
        trades,
        max(least, 1),
        code=ReasonCode.TRADES_TOO_FEW,
        message=f"{trades} trades on the test split, and at least {least} are needed to tell skill from luck",
        remedy="Give it more history (market.history_bars) or a larger test split, or trade a shorter interval.",
    )


def _earned(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Sharpe ratio annualised, win rate as a share of trades, gross gains over gross losses."""
    found = evidence.metrics.get
    return [
        at_least(
            "sharpe",
            found("sharpe"),
            limits["min_sharpe"],
            remedy="Train on more history, or trade a longer interval, where costs weigh less.",
        ),
        at_least(
            "win_rate",
            found("win_rate"),
            limits["min_win_rate"],
            remedy="Raise risk.min_confidence, or allow closer targets with policy.min_target.",
        ),
        at_least(
            "profit_factor",
            found("profit_factor"),
            limits["min_profit_factor"],
            remedy="Raise risk.min_confidence, or allow closer stops with policy.min_stop.",
        ),
    ]


def _significant(found: SignificanceEvidence, limits: Limits) -> list[CheckResult]:
    least, deflated = limits["min_psr"], limits["min_dsr"]
    error = "" if found.sharpe_se is None else f", with an error of {found.sharpe_se:.2f}"
    needed = ""
    if found.min_track_years is not None and is_finite(found.min_track_years):
        needed = f" At this ratio that takes {found.min_track_years:.1f} years."
    return [
        at_least(
            "psr0",
            found.psr0,
            least,
            code=ReasonCode.NOT_SIGNIFICANT,
            message=f"the true Sharpe ratio is over 0 with a probability of {_share(found.psr0)}{error}; {least:.1%} "
            "is needed",
            remedy=f"Judge it on a longer test split: more history, or a larger share of it.{needed}",
        ),
        _deflated(found, deflated),
    ]


def _deflated(found: SignificanceEvidence, least: float) -> CheckResult:
    """A limit if one is set; else shown, with what it is worth."""
    asked = at_least(
        "dsr",
        found.dsr,
        least,
        code=ReasonCode.NOT_SIGNIFICANT,
        message=f"the true Sharpe ratio is over the best of {found.trials} trials, {_plain(found.trials_effective)} "
        f"independent ones, with a probability of {_share(found.dsr)}; {least:.1%} is needed",
        remedy="Judge it on a longer test split, or try fewer candidates on the same bars.",
    )
    if not asked.passed or least > 0.0:
        return asked
    shown = f"{found.trials} trials so far, worth {_plain(found.trials_effective)} independent ones"
    return asked.model_copy(update={"severity": "warn", "message": shown})


def _beyond_market(found: BenchmarkEvidence, limits: Limits) -> list[CheckResult]:
    held = found.buy_hold_sharpe
    margin = None if found.sharpe is None or held is None else found.sharpe - held
    return [
        at_least(
            "alpha_t",
            found.alpha_t,
            limits["min_alpha_t"],
            code=ReasonCode.NOT_BEYOND_MARKET,
            message=f"beyond {_plain(found.beta)} times its market the candidate earned {_share(found.alpha)} a year, "
            f"with a t-value of {_plain(found.alpha_t)}; {limits['min_alpha_t']:g} is needed",
            remedy="What rides a market needs no model: let it trade both sides and leave when its side ends, or judge "
            "it on a longer test split.",
        ),
        at_least(
            "sharpe_over_market",
            margin,
            limits["min_market_margin"],
            code=ReasonCode.NOT_BEYOND_MARKET,
            message=f"a Sharpe ratio of {_plain(found.sharpe)} is not enough beside the {_plain(held)} of buying and "
            "holding on the same bars",
            remedy="Holding the market was better on these bars: wait for a candidate that is, or judge it on bars in "
            "which the market did not only rise.",
        ),
        at_most(
            "timing_p",
            found.timing_p,
            limits["max_timing_p"],
            code=ReasonCode.TIMING_BY_CHANCE,
            remedy="When it holds adds nothing to how much it holds: look at the engine's signal, not at the policy.",
        ),
    ]


def _beats_own_rules(found: BaselinesEvidence, least: float) -> CheckResult:
    """Whether the policy adds to its engine; a note, unless a number of baselines is to be beaten."""
    differences = {name: found.result(name).difference for name in OWN_RULES}
    for name, difference in differences.items():
        if difference is None or not is_finite(difference):
            return unusable(f"over_{name}", difference, 0.0)
    beaten = [name for name, difference in differences.items() if difference is not None and difference > 0.0]
    lost = {name: difference for name, difference in differences.items() if name not in beaten}
    message = ", ".join(
        f"{_NAMES[name]} was better by {abs(difference or 0.0):.2f} of Sharpe"
        if difference
        else f"{_NAMES[name]} was as good"
        for name, difference in lost.items()
    )
    passed = len(beaten) >= least
    return CheckResult(
        name="baselines_beaten",
        passed=passed,
        severity="block" if least > 0 else "warn",
        observed=len(beaten),
        threshold=int(least),
        code=ReasonCode.BASELINES_NOT_BEATEN if lost else ReasonCode.OK,
        message=message,
        remedy=""
        if passed
        else "The policy adds nothing to its engine: train it longer (policy.steps), or trade a fixed action.",
        evidence=dict(differences),
    )


def _in_every_fold(found: WalkForwardEvidence, least: float) -> list[CheckResult]:
    """Whether the recipe earns on all test ranges together; not asked where the settings ask for no folds."""
    if found.asked is None or not is_finite(found.asked):
        return [unusable("walk_forward_folds", found.asked)]
    complete = at_least(
        "walk_forward_folds",
        len(found.folds),
        found.asked,
        code=ReasonCode.EVIDENCE_MISSING,
        remedy=MEASURE_AGAIN,
    )
    if found.asked == 0:
        return [complete]
    ratios = ", ".join(_plain(fold.sharpe) for fold in found.folds)
    return [
        complete,
        at_least(
            "walk_forward_psr0",
            found.psr0,
            least,
            code=ReasonCode.NOT_SIGNIFICANT,
            message=f"over {_plain(found.years)} years of walk-forward folds and test split the true Sharpe ratio is "
            f"over 0 with a probability of {_share(found.psr0)}; {least:.1%} is needed. The folds have {ratios}",
            remedy="The recipe does not earn at every time: look at the folds that lost, or give it more history.",
        ),
    ]


def _choice_holds(found: OverfittingEvidence, most: float) -> CheckResult:
    """Whether the best seed of one half is good on the other; shown, unless a limit under 1 is set."""
    if found.seeds is None or not is_finite(found.seeds):
        return unusable("overfitting", found.seeds, most)
    if found.seeds < 2:
        return CheckResult(
            name="overfitting",
            passed=True,
            severity="warn",
            observed=0,
            threshold=most,
            message="nothing was chosen among seeds, so no choice can be overfitted",
        )
    asked = at_most(
        "overfitting",
        found.probability,
        most,
        code=ReasonCode.OVERFITTED,
        remedy="The seeds do not differ by skill: train fewer, or each for longer (policy.steps).",
    )
    return asked if most < 1.0 or not asked.passed else asked.model_copy(update={"severity": "warn"})


def _starts_agree(found: RegimeStartsEvidence, least: float) -> CheckResult:
    """Whether other starts of the regime model give the same directions; a note, unless a least share is set."""
    if found.starts == 0:
        return CheckResult(
            name="start_agreement", passed=True, severity="warn", observed=0, message="its engine begins nowhere"
        )
    if found.agreement is None or not is_finite(found.agreement):
        return unusable("start_agreement", found.agreement, least)
    ratios = [start.sharpe for start in found.results if start.sharpe is not None and is_finite(start.sharpe)]
    ends = f" Following them had Sharpe ratios of {min(ratios):.2f} to {max(ratios):.2f}." if ratios else ""
    stable = found.agreement >= max(least, STABLE)
    return CheckResult(
        name="start_agreement",
        passed=found.agreement >= least,
        severity="block" if least > 0 else "warn",
        observed=found.agreement,
        threshold=least,
        code=ReasonCode.OK if stable else ReasonCode.REGIMES_UNSTABLE,
        message=f"the {len(found.results)} best of {found.starts} starts take the same side, or none, on at least "
        f"{found.agreement:.1%} of the test bars.{ends}",
        remedy=""
        if found.agreement >= least
        else "The regimes are a draw: raise regimes.seeds, give it more history, or look at other regimes.features.",
        evidence={f"sharpe_{number}": start.sharpe for number, start in enumerate(found.results, start=1)},
    )


_NAMES = {"mean_action": "its own mean action held constant", "follow_signal": "following its signal"}


def _share(value: Number) -> str:
    return "an unknown share" if value is None else f"{value:.1%}"


def _plain(value: Number) -> str:
    return "an unknown number" if value is None else f"{value:.2f}"


PERFORMANCE = Gate(
    name="performance",
    judge=performance_rules,
    checks=(
        SignificanceEvidence.check,
        BenchmarkEvidence.check,
        BaselinesEvidence.check,
        OverfittingEvidence.check,
        WalkForwardEvidence.check,
        RegimeStartsEvidence.check,
    ),
    thresholds=(
        "min_sharpe",
        "min_win_rate",
        "min_profit_factor",
        "min_trades",
        "min_psr",
        "min_dsr",
        "min_alpha_t",
        "min_market_margin",
        "max_timing_p",
        "min_baselines_beaten",
        "max_overfitting",
        "min_start_agreement",
    ),
)
