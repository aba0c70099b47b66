"""The nights of the last days: what each was made of, what became of its candidates, and what it cost."""

from __future__ import annotations

import time
from collections.abc import Sequence

from trading.moments import DAY_MS, iso_ms, moment_iso
from trading.night.failures import failed_nights
from trading.night.services import ledger_of, registry_of
from trading.registry.entries import OVERRIDE_ACTIONS, Entry, describe_override
from trading.registry.records import NightRun
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec
from trading.values import Measured

NIGHTLY = "nightly"
"""The actor of what a night itself decides."""


class NightRow(Measured):
    """One candidate of a night, or a night that failed before there was one.

    Attributes:
        ran_at: when it was registered, or stopped, UTC, ISO 8601.
        model_name: registered model; empty if the night failed.
        version: in the registry, or None.
        symbol: the market.
        as_of: moment of the night, ISO 8601.
        engine: of the candidate.
        source: data source.
        bars: SHA-256 of the bars, its first digits.
        decision: of the seven gates.
        result: where the candidate went by the ledger; failed, or unfinished if it was never decided.
        reason: why.
        sharpe: on the test split.
        trades: on the test split.
        wall_s: seconds that the stages of the night took; None if nobody measured them.
        cpu_s: processor time of the same.
    """

    ran_at: str
    model_name: str = ""
    version: int | None = None
    symbol: str
    as_of: str
    engine: str = ""
    source: str = ""
    bars: str = ""
    decision: str = ""
    result: str
    reason: str
    sharpe: float | None = None
    trades: float | None = None
    wall_s: float | None = None
    cpu_s: float | None = None


class PeriodReport(Measured):
    """The nights of some days, and what people did with the models meanwhile.

    Attributes:
        since: beginning of the period, UTC, ISO 8601.
        nights: oldest first.
        changes: entries of the ledger beside what each night decided of its own candidates: promotions, rollbacks and
            stages set by people, champions that had to leave, challengers that entered or were tried.
        overrides: of the versions in Production, those that an override put there, however long ago.
    """

    since: str
    nights: tuple[NightRow, ...]
    changes: tuple[Entry, ...]
    overrides: tuple[Entry, ...] = ()

    @property
    def wall_s(self) -> float:
        """Seconds of all nights."""
        return sum(night.wall_s or 0.0 for night in self.nights)

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time of all nights."""
        return sum(night.cpu_s or 0.0 for night in self.nights)


def report_period(runtime: RuntimeSpec, days: float, now_ms: int | None = None) -> PeriodReport:
    """The nights that were run in the last days, whatever moment each of them was as of.

    Args:
        runtime: where registry and ledger are.
        days: how far back.
        now_ms: end of the period, UTC milliseconds; None is the present.
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    since = now - round(days * DAY_MS)
    history = ledger_of(runtime).history() if locations(runtime).ledger.exists() else []
    nights = _registered(runtime, history, since)
    nights += [
        NightRow(
            ran_at=moment_iso(night.at_ms),
            symbol=night.symbol,
            as_of=night.as_of,
            result="failed",
            reason=f"{night.failure.code}: {night.failure.message}",
        )
        for night in failed_nights(runtime, since)
    ]
    known: set[tuple[str, int]] = set()
    changes: list[Entry] = []
    for entry in history:
        later = (entry.model_name, entry.version) in known
        known.add((entry.model_name, entry.version))
        # Whoever calls himself as the nights do is a person all the same.
        other = later or entry.actor != NIGHTLY or entry.action in OVERRIDE_ACTIONS
        if other and iso_ms(entry.at) >= since:
            changes.append(entry)
    return PeriodReport(
        since=moment_iso(since),
        nights=tuple(sorted(nights, key=lambda night: night.ran_at)),
        changes=tuple(changes),
        overrides=_standing_overrides(history),
    )


def period_lines(report: PeriodReport) -> list[str]:
    """What a period amounts to, in sentences.

    Args:
        report: of the period.
    """
    results = [night.result for night in report.nights]
    counted = ", ".join(f"{results.count(name)} {name}" for name in dict.fromkeys(results))
    lines = [
        f"{len(results)} candidates and failed nights since {report.since}: {counted or 'none'}.",
        f"They took {report.wall_s:.0f} s, {report.cpu_s:.0f} s of processor time.",
    ]
    lines += [
        f"{night.model_name or night.symbol} {f'version {night.version}' if night.version else night.as_of}: "
        f"{night.result}. {night.reason}"
        for night in report.nights
    ]
    lines += [
        f"{entry.at[:16]} UTC  {entry.action} of {entry.model_name} version {entry.version} by {entry.actor}: "
        f"{entry.reason}"
        for entry in report.changes
    ]
    lines += [
        f"{entry.model_name} version {entry.version} is in Production, {describe_override(entry)}; on paper only."
        for entry in report.overrides
    ]
    return lines


def _standing_overrides(history: Sequence[Entry]) -> tuple[Entry, ...]:
    last = {entry.model_name: entry for entry in history if entry.changes_production}
    return tuple(entry for entry in last.values() if entry.action in OVERRIDE_ACTIONS)


def _registered(runtime: RuntimeSpec, history: Sequence[Entry], since_ms: int) -> list[NightRow]:
    registry = registry_of(runtime)
    runs = registry.night_runs(since_ms)
    versions = {
        version.run_id: version.version
        for name in {run.model_name for run in runs}
        for version in registry.versions(name)
    }
    return [_row(run, versions.get(run.run_id), history) for run in runs]


def _row(run: NightRun, version: int | None, history: Sequence[Entry]) -> NightRow:
    # The first entry of a version is what its night decided; later ones are what became of it since.
    decided = next((entry for entry in history if (entry.model_name, entry.version) == (run.model_name, version)), None)
    return NightRow(
        ran_at=moment_iso(run.started_ms),
        model_name=run.model_name,
        version=version,
        symbol=run.tags.get("symbol", ""),
        as_of=run.tags.get("as_of", ""),
        engine=run.tags.get("engine", ""),
        source=run.source,
        bars=run.bars,
        decision=run.tags.get("verdict", ""),
        result=_RESULTS.get(decided.action, decided.action) if decided else "unfinished",
        reason=decided.reason if decided else f"its run in MLflow is {run.status}, and the ledger has no entry of it",
        sharpe=run.metrics.get("sharpe"),
        trades=run.metrics.get("trades"),
        wall_s=run.metrics.get("run_wall_seconds"),
        cpu_s=run.metrics.get("run_cpu_seconds"),
    )


_RESULTS = {"promote": "promoted", "stage": "staged", "reject": "rejected"}
"""What a night's own actions are called; any other one is somebody's, and is called by its name."""
