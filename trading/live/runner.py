"""The runner: bar, contract, fills, signal, decision, journal, order; the model may change between two bars.

Whatever stops it, it starts again from the journal: the account and the stream of the last committed bar, and that
bar's intent, which is submitted once more because nobody can know whether it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import LiveError, RegistryError
from trading.live.decider import Decider
from trading.live.feeds.base import Feed, FeedRow
from trading.live.feeds.joiner import BarJoiner
from trading.live.feeds.replay import Pace
from trading.live.journal.file import Session
from trading.live.journal.journal import Decided, Journal, Snapshot
from trading.live.venues.paper import PaperVenue, Venue, take_intent
from trading.live.watch.pointer import ModelSource, Pointer
from trading.market.contract.bar import check_bar
from trading.model.bundle import Bundle, load_bundle
from trading.simulation.denials import DENIALS
from trading.steps.account import EQUITY, QUANTITY, new_state
from trading.steps.bar import Bar
from trading.steps.breakers import ALLOWED

HISTORY_BLOCK = 2_000


@dataclass(frozen=True)
class Tick:
    """Where a runner is, for whoever watches it: ``warming`` bars are history, the others are traded."""

    ts: int
    warming: bool
    position: float
    equity: float
    code: str
    bundle: str


class Runner:
    """One model and one account on one market.

    Args:
        journal: where everything is written; its session must have begun.
        pointer, bundle: the verified model to start with; if the journal ended with another, this one takes over.
        models: says which bundle to trade, asked before every traded bar.
        venue: where orders go.
        max_jump: largest ratio between an open and the close before it, see :func:`check_bar`.
    """

    def __init__(
        self,
        journal: Journal,
        pointer: Pointer,
        bundle: Bundle,
        models: ModelSource,
        *,
        venue: Venue | None = None,
        max_jump: float | None = None,
    ) -> None:
        session = journal.session()
        assert session is not None
        self.session: Session = session
        self._journal, self._models = journal, models
        self._venue: Venue = PaperVenue() if venue is None else venue
        self._max_jump = max_jump
        self._pointer = pointer
        self._refused: Pointer | str | None = None
        self._decider = Decider(bundle.model)
        self._account = new_state(session.initial_equity)
        self._history: list[Bar] = []
        self._last: int | None = None
        self._recover(bundle)

    def run(
        self,
        feed: Feed,
        *,
        bars_per_second: float = 0.0,
        stop: threading.Event | None = None,
        watch: Callable[[], None] | None = None,
        progress: Callable[[Tick], None] | None = None,
    ) -> None:
        """Take in a feed to its end, or until asked to stop; bars that the journal holds already are skipped.

        Args:
            feed: bars of the session's market.
            bars_per_second: pace of the traded bars; 0 is as fast as possible.
            stop: when set, the runner stops after the bar at hand.
            watch: called before every traded bar, for what must be looked after (the model watch).
            progress: called after every bar.

        Raises:
            LiveError: ``JOURNAL_MISMATCH`` if the feed is not of the journal's market.
        """
        if feed.symbol != self.session.symbol:
            raise self._mismatch(f"the feed sends {feed.symbol}")
        stopping = threading.Event() if stop is None else stop
        pace = Pace(bars_per_second, stopping)
        joiner = BarJoiner(feed.interval, self.session.interval)
        before: Bar | None = None
        for row in feed.rows():
            if stopping.is_set():
                break
            short = self._checked(row, before, feed.interval)
            if short is None:
                continue
            before = short
            for bar in joiner.add(short):
                if self._is_known(bar):
                    continue
                if bar.ts < self.session.start_ms:
                    self._warm(bar, progress)
                    continue
                pace.wait()
                if stopping.is_set():
                    break
                if watch is not None:
                    watch()
                self._trade(bar, progress)
        self._flush_history()

    def change_model(self) -> None:
        """At a bar boundary: take over a newly promoted bundle if it verifies, else write down why not."""
        try:
            wanted = self._models.current()
        except RegistryError as error:
            self._refuse(str(error), "pointer", error)
            return
        if wanted is None or wanted in (self._pointer, self._refused):
            return
        try:
            bundle = verified(wanted, self.session)
        except (RegistryError, LiveError) as error:
            self._refuse(wanted, wanted.digest, error)
            return
        same, self._pointer = wanted.digest == self._pointer.digest, wanted
        if same:
            self._journal.commit_model(wanted, bundle, None)
        else:
            self._flush_history()
            self._take_over(bundle)

    def _take_over(self, bundle: Bundle) -> None:
        """Let another model decide from the next bar on; it is shown every bar so far, the account stays."""
        self._decider = Decider(bundle.model)
        for bar in self._journal.bars():
            self._decider.stream.on_bar(bar)
        snapshot = None if self._last is None else self._snapshot(self._last)
        self._journal.commit_model(self._pointer, bundle, snapshot)

    def _recover(self, bundle: Bundle) -> None:
        """Go on after the last committed bar."""
        snapshot = self._journal.snapshot()
        if snapshot is None:
            self._journal.commit_model(self._pointer, bundle, None)
            return
        self._last = snapshot.ts
        self._account = snapshot.account
        if snapshot.bundle == self._pointer.digest:
            self._journal.commit_model(self._pointer, bundle, None)
            self._decider.stream.restore(snapshot.stream)
        else:
            self._take_over(bundle)
        intent = self._journal.intent_at(snapshot.ts)
        if intent is not None:
            self._venue.submit(self._account, intent)

    def _checked(self, row: FeedRow, before: Bar | None, interval: int) -> Bar | None:
        """A row as a bar if it keeps the contract; otherwise it goes to quarantine and nothing is decided on it."""
        breach = check_bar(
            None if before is None else before.ts,
            row.values,
            interval,
            previous_close=None if before is None else before.close,
            max_jump=self._max_jump,
        )
        if breach is not None:
            self._journal.quarantine(row.place, row.values, breach.code, breach.message)
            return None
        return Bar(*row.values)  # pyright: ignore[reportArgumentType]  # the contract has just looked at every type

    def _is_known(self, bar: Bar) -> bool:
        """Whether the journal holds a bar already; its last one must be the very same."""
        if self._last is None or bar.ts > self._last:
            return False
        if bar.ts == self._last:
            kept = self._journal.bar(bar.ts)
            if kept != bar:
                raise self._mismatch(f"the feed's bar {bar} differs from the journal's {kept}")
        return True

    def _warm(self, bar: Bar, progress: Callable[[Tick], None] | None) -> None:
        """Take in a bar before the start: features and regimes see it, the account does not."""
        self._decider.stream.on_bar(bar)
        self._history.append(bar)
        self._last = bar.ts
        if len(self._history) >= HISTORY_BLOCK:
            self._flush_history()
        if progress is not None:
            progress(Tick(bar.ts, True, 0.0, float(self._account[EQUITY]), "", self._pointer.digest))

    def _flush_history(self) -> None:
        if self._history:
            self._journal.commit_history(self._history, self._snapshot(self._history[-1].ts))
            self._history = []

    def _trade(self, bar: Bar, progress: Callable[[Tick], None] | None) -> None:
        self._flush_history()
        self.change_model()
        decider, account = self._decider, self._account
        report = self._venue.on_bar(account, decider.parameters, bar)
        signal = decider.stream.on_bar(bar)
        answer = decider.decide(account, bar, signal)
        intent = take_intent(account, self.session.symbol, bar.ts) if answer == ALLOWED else None
        code = ReasonCode.OK if answer == ALLOWED else DENIALS[answer]
        position, equity = float(account[QUANTITY]), float(account[EQUITY])
        decided = Decided(code, signal, decider.action, position, equity, intent)
        self._journal.commit_bar(bar, report, decided, self._snapshot(bar.ts))
        self._last = bar.ts
        if intent is not None:
            self._venue.submit(account, intent)
        if progress is not None:
            progress(Tick(bar.ts, False, position, equity, str(code), self._pointer.digest))

    def _snapshot(self, ts: int) -> Snapshot:
        return Snapshot(ts, self._pointer.digest, self._account.copy(), self._decider.stream.save())

    def _refuse(self, known_as: Pointer | str, subject: str, error: RegistryError | LiveError) -> None:
        if known_as != self._refused:
            self._refused = known_as
            self._journal.refuse(self._last, subject, error.code, error.message)

    def _mismatch(self, what: str) -> LiveError:
        return LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{self._journal.path} belongs to {self.session.symbol} at {self.session.interval // 1000} s, but {what}.",
            remedy="Name another journal with --journal, or the source this one was begun with.",
        )


def verified(pointer: Pointer, session: Session | None) -> Bundle:
    """Load a bundle, checking every byte, that it trades the session's market, and that it may.

    A bundle without a version was named by its path, for study on paper; then its verdict is only shown.

    Raises:
        RegistryError: if it does not verify, or is a registered version that was not approved.
        LiveError: ``JOURNAL_MISMATCH`` if it trades another market.
    """
    bundle = load_bundle(Path(pointer.folder), expected_digest=pointer.digest)
    spec = bundle.model.spec
    if session is not None and (spec.symbol, spec.interval) != (session.symbol, session.interval):
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"bundle {pointer.digest[:12]} trades {spec.symbol} at {spec.interval // 1000} s, the journal belongs to "
            f"{session.symbol} at {session.interval // 1000} s.",
            remedy="Name another journal with --journal.",
        )
    if pointer.version is not None and not bundle.approved:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"version {pointer.version} has the verdict {bundle.decision}.",
            remedy="Promote an approved version.",
        )
    return bundle
