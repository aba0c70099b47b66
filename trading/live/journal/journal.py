"""The journal: one SQLite file with everything a runner saw, decided and meant to do, written before it is done.

A bar is one transaction in WAL mode with full sync, so a kill at any instruction leaves the journal at the end of some
bar. A runner starts from what the journal holds, nothing or years; there is no other way to start.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.regimes.transitions import transitions
from trading.live.journal.encoding import SavedStream, account_of, account_text, stream_bytes, stream_of
from trading.live.journal.file import Session, lock_journal, read_session
from trading.live.journal.writing import insert, open_for_writing, transaction
from trading.live.venues.base import Acknowledgement, BarReport, Intent
from trading.live.watch.pointer import Pointer
from trading.model.bundle import Bundle
from trading.model.model import ACTIONS
from trading.model.rules import NamedRegime
from trading.simulation.accounts import SavedAccount
from trading.steps.bar import Bar

_BAR = ", ".join(Bar._fields)


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot:
    """The runner at the end of a bar: enough to go on as if nothing had happened.

    Attributes:
        ts: open of the last bar taken in.
        bundle_digest: of the model.
        account: by field names, without the order that the last bar's intent asks for.
        stream: what the model's stream remembers; None if it cannot save that.
    """

    ts: int
    bundle_digest: str
    account: SavedAccount
    stream: SavedStream | None


@dataclass(frozen=True, eq=False, kw_only=True)
class BarDecision:
    """What was decided at the close of a bar.

    Attributes:
        code: OK when an order is meant, else why not.
        direction: of the signal: 1 long, -1 short, 0 none.
        confidence_raw: in that direction, before calibration; 0 without a direction.
        confidence: after calibration, which is what the breaker compares.
        action: shape (4,), what the policy chose; NaN if it was not asked.
        beliefs: probability of each regime, by name; empty if the engine has none or is not warm.
        market: what the model's rules call the market, and why; None if it has no rules, or no opinion yet.
        intent: the order that is meant.
    """

    code: ReasonCode
    direction: int
    confidence_raw: float
    confidence: float
    action: Floats
    beliefs: Mapping[str, float]
    market: NamedRegime | None
    intent: Intent | None


class Journal:
    """The journal of one runner; opening it locks it against every other runner.

    A journal of an earlier release is brought to this one's schema, whole or not at all.

    Args:
        path: the SQLite file; made if it is not there.

    Raises:
        LiveError: ``JOURNAL_BUSY`` if a runner has it, ``JOURNAL_FAILED`` if it cannot be read or written,
            ``JOURNAL_MISMATCH`` if a later release wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock_journal(path)
        try:
            self._db = open_for_writing(path)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close the file and let go of the lock."""
        self._db.close()
        os.close(self._lock)

    def begin(self, session: Session) -> None:
        """Say what the journal is about; it is fixed from then on.

        Args:
            session: of a journal that was never begun.
        """
        with transaction(self._db, self.path):
            rows = [{"key": key, "value": json.dumps(value)} for key, value in asdict(session).items()]
            insert(self._db, "session", *rows)

    def session(self) -> Session | None:
        """What the journal is about, or None if it was never begun."""
        return read_session(self._db)

    def snapshot(self) -> Snapshot | None:
        """The runner at the last committed bar."""
        row = self._db.execute("SELECT ts, bundle, account, stream FROM snapshot").fetchone()
        if row is None:
            return None
        ts, bundle_digest, account, stream = row
        return Snapshot(ts=ts, bundle_digest=bundle_digest, account=account_of(account), stream=stream_of(stream))

    def bar(self, ts: int) -> Bar | None:
        """One bar that was taken in.

        Args:
            ts: its open.
        """
        row = self._db.execute(f"SELECT {_BAR} FROM bars WHERE ts = ?", (ts,)).fetchone()
        return None if row is None else Bar(*row)

    def bars(self) -> Iterator[Bar]:
        """Every bar that was taken in, oldest first."""
        for row in self._db.execute(f"SELECT {_BAR} FROM bars ORDER BY ts"):
            yield Bar(*row)

    def intent_at(self, ts: int) -> Intent | None:
        """The intent decided at the close of a bar.

        Args:
            ts: the bar's open.
        """
        columns = tuple(field.name for field in fields(Intent))
        row = self._db.execute(f"SELECT {', '.join(columns)} FROM intents WHERE ts = ?", (ts,)).fetchone()
        return None if row is None else Intent(**dict(zip(columns, row, strict=True)))

    def pointer(self, bundle_digest: str) -> Pointer | None:
        """Where a bundle lay when it was last used.

        Args:
            bundle_digest: of the bundle.
        """
        columns = ("folder", "version", "epoch", "override", "despite_gates")
        row = self._db.execute(
            f"SELECT {', '.join(columns)} FROM bundles WHERE digest = ?", (bundle_digest,)
        ).fetchone()
        return None if row is None else Pointer(digest=bundle_digest, **dict(zip(columns, row, strict=True)))

    def commit_history(self, bars: Sequence[Bar], snapshot: Snapshot) -> None:
        """Write down bars that only warmed the model.

        Args:
            bars: in order.
            snapshot: the runner after the last of them.
        """
        with transaction(self._db, self.path):
            insert(self._db, "bars", *(bar._asdict() for bar in bars))
            self._put_snapshot(snapshot)

    def commit_bar(self, bar: Bar, report: BarReport, decision: BarDecision, snapshot: Snapshot) -> None:
        """Write down one traded bar: what it did, what was decided, and the intent that may be submitted now.

        Args:
            bar: the bar that closed.
            report: of the venue.
            decision: at its close.
            snapshot: the runner after it.
        """
        bundle, action = snapshot.bundle_digest, zip(ACTIONS, decision.action.tolist(), strict=True)
        with transaction(self._db, self.path):
            insert(self._db, "bars", bar._asdict())
            fills = [{"ts": bar.ts, "number": number, **asdict(fill)} for number, fill in enumerate(report.fills)]
            insert(self._db, "fills", *fills)
            if report.trade is not None:
                insert(self._db, "trades", {"ts": bar.ts, "bundle": bundle, **report.trade._asdict()})
            row = {
                "ts": bar.ts,
                "bundle": bundle,
                "code": str(decision.code),
                "direction": decision.direction,
                "confidence_raw": decision.confidence_raw,
                "confidence": decision.confidence,
                **{name: None if math.isnan(number) else number for name, number in action},
                "beliefs": json.dumps(dict(decision.beliefs)) if decision.beliefs else None,
                "market": None if decision.market is None else json.dumps(decision.market._asdict()),
                "cancelled": bool(report.cancelled),
                "position": report.position,
                "equity": report.equity,
            }
            insert(self._db, "decisions", row)
            if decision.intent is not None:
                insert(self._db, "intents", asdict(decision.intent))
            self._put_snapshot(snapshot)

    def commit_model(self, pointer: Pointer, bundle: Bundle, snapshot: Snapshot | None) -> None:
        """Write down which model trades from the next bar on.

        Args:
            pointer: where it lies, and its version and epoch.
            bundle: the verified model.
            snapshot: the runner with the new model after the last bar; None before the first bar, or if the model is
                the same and only its version or place changed.
        """
        before = self.snapshot()
        sharpe, depth = bundle.evidence.get("metrics", {}).get("sharpe"), bundle.model.spec.depth
        moves = transitions(bundle.model)
        with transaction(self._db, self.path):
            row = {
                "digest": pointer.digest,
                "folder": pointer.folder,
                "version": pointer.version,
                "epoch": pointer.epoch,
                "as_of_ms": bundle.lineage.as_of_ms,
                "verdict": bundle.decision,
                "backtest_sharpe": sharpe if isinstance(sharpe, int | float) else None,
                "bars_per_year": bundle.model.spec.bars_per_year,
                "override": pointer.override,
                "despite_gates": pointer.despite_gates,
                "depth": None if depth is None else depth.model_dump_json(),
                "transitions": None if moves is None else json.dumps(moves),
            }
            insert(self._db, "bundles", row, on_conflict="REPLACE")
            if snapshot is not None:
                swap = {
                    "ts": snapshot.ts,
                    "from_bundle": before.bundle_digest if before else None,
                    "to_bundle": pointer.digest,
                    "version": pointer.version,
                    "at": _now(),
                }
                insert(self._db, "swaps", swap)
                self._put_snapshot(snapshot)

    def commit_resume(self, snapshot: Snapshot, *, operator: str, reason: str, equity: float, peak: float) -> None:
        """Write down that an operator lets a halted account trade again.

        Args:
            snapshot: the runner with the account that may trade.
            operator: who decided it.
            reason: why.
            equity: of the account, from which its drawdown is counted now.
            peak: from which it was counted before.
        """
        row = {
            "ts": snapshot.ts,
            "operator": operator,
            "reason": reason,
            "equity": equity,
            "peak": peak,
            "at": _now(),
        }
        with transaction(self._db, self.path):
            insert(self._db, "resumes", row)
            self._put_snapshot(snapshot)

    def refuse(self, ts: int | None, subject: str, code: ReasonCode, message: str) -> None:
        """Write down what was refused or failed after a bar.

        Args:
            ts: the bar's open; None before the first.
            subject: what was refused: a bundle's digest, an intent's id, or a part of the runner.
            code: why.
            message: what was found.
        """
        row = {"ts": ts, "subject": subject, "code": str(code), "message": message, "at": _now()}
        with transaction(self._db, self.path):
            insert(self._db, "refusals", row)

    def refuse_intent(self, intent: Intent, answer: Acknowledgement) -> None:
        """Write down that the venue refused an order; once, however often it was asked.

        Args:
            intent: what was submitted.
            answer: of the venue.
        """
        if self._db.execute("SELECT 1 FROM refusals WHERE subject = ?", (intent.id,)).fetchone() is None:
            self.refuse(intent.ts, intent.id, answer.code, answer.message)

    def refuse_watch(self, code: ReasonCode, message: str) -> None:
        """Write down what the model watch reported, after the last committed bar.

        Args:
            code: why no model came.
            message: what happened.
        """
        row = self._db.execute("SELECT ts FROM snapshot").fetchone()
        self.refuse(None if row is None else row[0], "model watch", code, message)

    def quarantine(self, place: str, values: Sequence[object], code: ReasonCode, message: str) -> None:
        """Keep a bar that broke its contract; the same bar from the same place is kept once.

        Args:
            place: where it stood in its source.
            values: as they came.
            code: which rule it broke.
            message: what was found.
        """
        row = {"place": place, "bar": ", ".join(map(str, values)), "code": str(code), "message": message}
        with transaction(self._db, self.path):
            insert(self._db, "quarantine", row, on_conflict="IGNORE")

    def _put_snapshot(self, snapshot: Snapshot) -> None:
        row = {
            "one": 1,
            "ts": snapshot.ts,
            "bundle": snapshot.bundle_digest,
            "account": account_text(snapshot.account),
            "stream": stream_bytes(snapshot.stream),
            "at": _now(),
        }
        insert(self._db, "snapshot", row, on_conflict="REPLACE")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
