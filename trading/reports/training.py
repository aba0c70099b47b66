"""How a candidate was trained, for people and machines: depth, regimes and where they were found, and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trading.checks.evidence import read_evidence
from trading.checks.regime_starts import RegimeStartsEvidence, StartResult
from trading.engines.regimes.transitions import Transitions, transitions
from trading.model.bundle import Bundle
from trading.reports.metric_tables import MetricTable
from trading.results import is_finite
from trading.values import Measured

if TYPE_CHECKING:
    from trading.reports.page import Training

NOTHING = "-"


class ExplainedTraining(Measured):
    """How a candidate was trained.

    Attributes:
        fit: report of scaler, engine and calibrator; None if it was not kept.
        policy: report of the policies, with their curves; None if it was not kept.
        transitions: of the regimes by name; None for another engine.
        starts: what the best starts of the regime model would have earned on the test split, the chosen one first.
    """

    fit: dict[str, Any] | None
    policy: dict[str, Any] | None
    transitions: Transitions | None
    starts: tuple[StartResult, ...]

    @classmethod
    def of(cls, bundle: Bundle, training: Training) -> ExplainedTraining:
        """Put together what is known.

        Args:
            bundle: verified.
            training: reports of its training.
        """
        return cls(
            fit=None if training.fit is None else dict(training.fit),
            policy=None if training.policy is None else dict(training.policy),
            transitions=transitions(bundle.model),
            starts=read_evidence(bundle.evidence).section(RegimeStartsEvidence).results,
        )

    def tables(self) -> list[MetricTable]:
        """The same for people; what an engine or a policy does not have is left out."""
        tables = list[MetricTable]()
        if self.fit is not None:
            tables += [_depth(self.fit["depth"])] if "depth" in self.fit else []
            tables += [] if self.transitions is None else _regimes(self.transitions, self.fit["engine"])
        tables.append(_best_starts(self.starts))
        if self.policy is not None:
            tables += [_seeds(self.policy), _levels(self.policy)]
        return [one for one in tables if one.rows]


def _depth(depth: Mapping[str, Any]) -> MetricTable:
    full = depth["full_at"] or ("reached" if depth["tier"] == "full" else "never with this history")
    rows = [
        (one["interval"], one["bars"], one["target_bars"], f"{one['percent']:.0f} %") for one in depth["timeframes"]
    ]
    title = f"Training depth: {depth['tier']}, confidence counts {depth['modifier']:.0%}, full depth {full}"
    return MetricTable(title, ("timeframe", "bars", "target", "depth"), rows)


def _regimes(matrix: Transitions, engine: Mapping[str, Any]) -> list[MetricTable]:
    states = [
        (
            state["name"],
            {1: "long", -1: "short"}.get(state["sign"], NOTHING),
            _plain(state["next_return_t"], 1),
            f"{state['occupancy']:.1%}",
            _plain(state["bars"], 1),
        )
        for state in engine["states"]
    ]
    columns = ("regime", "side", "t of the next bar's return", "share of bars", "lasts, bars")
    rows = [(f"from {name}", *(f"{chance:.2%}" for chance in row.values())) for name, row in matrix.items()]
    scored = [
        (one["states"], _plain(one["log_likelihood"], 4), _plain(one["behind_t"], 1), one["problem"])
        for one in engine.get("states_scored", ())
    ]
    compared = [
        (", ".join(one["features"]), _plain(one["t"], 1), _plain(one["apart_t"], 1), one["problem"])
        for one in engine.get("compared", ())
    ]
    return [
        MetricTable(f"Regimes over {', '.join(engine['features'])}", columns, states),
        MetricTable("Chance of the next bar's regime", ("", *(f"to {name}" for name in matrix)), rows),
        MetricTable(
            "Numbers of states, by what they foretold", ("states", "nats a bar", "t behind the best", "problem"), scored
        ),
        MetricTable("Sets of features", ("features", "t", "t of the difference to the first", "problem"), compared),
        _starts(engine["starts"]),
    ]


def _starts(starts: Sequence[Mapping[str, Any]]) -> MetricTable:
    """A row a kind of start."""
    usable = sum(1 for start in starts if not start["problem"])
    rows = list[tuple[Any, ...]]()
    for kind in dict.fromkeys(start["kind"] for start in starts):
        own = [start for start in starts if start["kind"] == kind]
        ended = [start["log_likelihood"] for start in own if not start["problem"]]
        agreed = [start["agreement"] for start in own if start["agreement"] is not None]
        rows.append(
            (
                kind,
                len(own),
                len(ended),
                sum(1 for start in own if start["converged"]),
                _plain(max(ended, default=None), 5),
                _plain(min(ended, default=None), 5),
                _plain(min(agreed, default=None), 3),
            )
        )
    columns = ("start", "climbs", "usable", "converged", "best, nats a bar", "worst", "least agreement")
    return MetricTable(f"Starts of the regime model: {usable} of {len(starts)} usable", columns, rows)


def _best_starts(starts: Sequence[StartResult]) -> MetricTable:
    rows = [
        (
            place,
            _plain(start.log_likelihood, 5),
            _plain(start.agreement, 3),
            _plain(start.sharpe, 2),
            _plain(start.max_drawdown, 3),
            _plain(start.trades, 0),
        )
        for place, start in enumerate(starts, start=1)
    ]
    columns = ("start", "nats a bar", "agrees", "Sharpe", "drawdown", "trades")
    return MetricTable("Following the regimes of the best starts over the test split, the chosen first", columns, rows)


def taken_policies(report: Mapping[str, Any]) -> frozenset[str]:
    """Names of the policies that became the candidate's: the best, or all that its action is the mean of.

    Args:
        report: of the policies, of this or an earlier release.
    """
    return frozenset(report.get("averaged") or [str(report["chosen"])])


def _seeds(policy: Mapping[str, Any]) -> MetricTable:
    taken = taken_policies(policy)
    rows = [
        (
            row["name"],
            row["seed"],
            _plain(row["validation_score"], 4),
            "chosen" if row["name"] in taken else row.get("problem", ""),
        )
        for row in policy["policies"]
    ]
    return MetricTable("Policies", ("policy", "seed", "validation score", ""), rows)


def _levels(policy: Mapping[str, Any]) -> MetricTable:
    """A row a policy and level, in the order they were trained."""
    rows = list[tuple[Any, ...]]()
    for trained in policy["policies"]:
        for level in dict.fromkeys(row["level"] for row in trained["curve"]):
            own = [row for row in trained["curve"] if row["level"] == level]
            first, last = own[0]["mean_reward"], own[-1]["mean_reward"]
            rows.append((trained["name"], level, own[-1]["decisions"], _plain(first, 4), _plain(last, 4)))
    columns = ("policy", "level", "decisions at its end", "mean reward at first", "at last")
    return MetricTable("Levels of the curriculum", columns, rows)


def _plain(value: Any, digits: int) -> str:
    """A number of a report, in which one that is not finite is text, or missing."""
    return f"{value:,.{digits}f}" if not isinstance(value, str) and is_finite(value) else NOTHING
