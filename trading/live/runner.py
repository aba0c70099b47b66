"""The runner: bar, contract, fills, signal, decision, journal, order; the model may change between two bars.

Whatever stops it, it starts again from the journal: the account and the stream of the last committed bar, and that
bar's intent, which is submitted once more because nobody can know whether it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass

from trading.codes import ReasonCode
from trading.engines.regimes.transitions import beliefs
from trading.errors import LiveError, RegistryError, SevengatesError
from trading.live.decider import Decider, caught_up
from trading.live.eligibility import OfferedBundle, Refusal, load_offered, require_allowed
from trading.live.feeds.base import Feed, FeedRow
from trading.live.feeds.joiner import BarJoiner
from trading.live.feeds.replay import Pace
from trading.live.journal.encoding import SavedStream
from trading.live.journal.file import Session
from trading.live.journal.journal import BarDecision, Journal, Snapshot
from trading.live.venues.base import Intent, Venue
from trading.live.watch.pointer import ModelSource, Pointer
from trading.market.contract.bar import check_bar, known_funding
from trading.model.bundle import Bundle
from trading.simulation.denials import DENIALS
from trading.steps.bar import Bar
from trading.steps.breakers import ALLOWED
from trading.steps.opinion import CONFIDENCE

HISTORY_BLOCK = 2_000


@dataclass(frozen=True)
class Tick:
    """Where a runner is, for whoever watches it.

    Attributes:
        ts: open of the bar it took in.
        warming: whether the bar is history; the others are traded.
        position: units of the asset, signed.
        equity: quote currency.
        code: OK when an order was meant, else why not; empty while warming.
        bundle_digest: of the model.
    """

    ts: int
    warming: bool
    position: float
    equity: float
    code: str
    bundle_digest: str


class Runner:
    """One model on one venue, and the journal of both.

    Args:
        journal: where everything is written; it has begun.
        offered: the verified model to start with; if the journal ended with another, this one takes over.
        decider: of that model; if the journal ended with another, it has seen every bar of the journal.
        venue: where orders go, with the account that the journal holds.
        models: says which bundle to trade, asked before every traded bar.
        max_jump: largest ratio between an open and the close before it, see :func:`check_bar`.
        refusal: of what is promoted, if the journal's own model goes on instead; it is written down.
    """

    def __init__(
        self,
        journal: Journal,
        offered: OfferedBundle,
        decider: Decider,
        venue: Venue,
        models: ModelSource,
        *,
        max_jump: float | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        session = journal.session()
        assert session is not None
        self.session: Session = session
        self._journal, self._venue, self._models = journal, venue, models
        self._max_jump = max_jump
        self._pointer = offered.pointer
        self._decider = decider
        self._refused: Pointer | str | None = None
        self._history: list[Bar] = []
        self._last: int | None = None
        self._recover(offered.bundle)
        if refusal is not None:
            self._refuse(refusal)

    @property
    def pointer(self) -> Pointer:
        """Names the bundle that trades now."""
        return self._pointer

    def close(self) -> None:
        """Let go of the venue; orders and positions stay."""
        self._venue.close()

    def run(
        self,
        feed: Feed,
        *,
        bars_per_second: float = 0.0,
        stop: threading.Event | None = None,
        before_bar: Callable[[], None] | None = None,
        progress: Callable[[Tick], None] | None = None,
    ) -> None:
        """Take in a feed to its end, or until asked to stop; bars that the journal holds already are skipped.

        Args:
            feed: bars of the session's market.
            bars_per_second: pace of the traded bars; 0 is as fast as possible.
            stop: when set, the runner stops after the bar at hand.
            before_bar: called before every traded bar, for what runs beside the runner (the model watch).
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
                # Whoever holds over a bar that nobody saw pays for it all the same.
                joiner.owe(known_funding(None if before is None else before.ts, row.values))
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
                if before_bar is not None:
                    before_bar()
                self._trade(bar, progress)
        self._flush_history()

    def _change_model(self) -> None:
        """At a bar boundary: take over a newly promoted bundle if it verifies, else write down why not."""
        try:
            wanted = self._models.current()
        except RegistryError as error:
            self._refuse(Refusal(None, error))
            return
        if wanted is None or wanted in (self._pointer, self._refused):
            return
        same = wanted.digest == self._pointer.digest
        try:
            offered = load_offered(wanted, self.session)
            require_allowed(offered, self._venue.guarantees)
            bundle = offered.bundle
            decider = self._decider if same else caught_up(bundle.model, self._journal.bars())
        except SevengatesError as error:
            self._refuse(Refusal(wanted, error))
            return
        self._pointer, self._decider = wanted, decider
        if same:
            self._journal.commit_model(wanted, bundle, None)
        else:
            self._venue.account.use(decider.parameters)
            self._take_over(bundle)

    def _take_over(self, bundle: Bundle) -> None:
        """Let the model decide from the next bar on; the account stays."""
        self._journal.commit_model(self._pointer, bundle, None if self._last is None else self._snapshot(self._last))

    def _recover(self, bundle: Bundle) -> None:
        """Go on after the last committed bar."""
        snapshot = self._journal.snapshot()
        if snapshot is None:
            self._journal.commit_model(self._pointer, bundle, None)
            return
        self._last = snapshot.ts
        if snapshot.bundle_digest == self._pointer.digest:
            self._journal.commit_model(self._pointer, bundle, None)
            self._restore_stream(snapshot.stream)
        else:
            self._take_over(bundle)
        intent = self._journal.intent_at(snapshot.ts)
        if intent is not None:
            self._submit(intent)

    def _restore_stream(self, saved: SavedStream | None) -> None:
        """Go on with a saved stream; one that was not saved, or not in this release's layout, is made anew."""
        if saved is not None and _layout(saved) == _layout(self._decider.stream.save()):
            self._decider.stream.restore(saved)
        else:
            self._decider.show(self._journal.bars())

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
        """Whether the journal holds a bar already; its last one must be the very same, or another market's.

        Funding alone may differ: it may have become known, or been corrected, after the bar was charged.
        """
        if self._last is None or bar.ts > self._last:
            return False
        if bar.ts == self._last:
            kept = self._journal.bar(bar.ts)
            if kept is None or kept._replace(funding=bar.funding) != bar:
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
            progress(Tick(bar.ts, True, 0.0, self._venue.account.equity, "", self._pointer.digest))

    def _flush_history(self) -> None:
        if self._history:
            self._journal.commit_history(self._history, self._snapshot(self._history[-1].ts))
            self._history = []

    def _trade(self, bar: Bar, progress: Callable[[Tick], None] | None) -> None:
        self._flush_history()
        self._change_model()
        decider, account = self._decider, self._venue.account
        report = self._venue.on_bar(bar)
        view = decider.stream.on_bar(bar)
        signal = view.signal
        answer = decider.decide(account.state, view)
        order = account.take_order() if answer == ALLOWED else None
        intent = None if order is None else Intent(id=f"{self.session.symbol}-{bar.ts}", ts=bar.ts, **asdict(order))
        code = ReasonCode.OK if answer == ALLOWED else DENIALS[answer]
        decision = BarDecision(
            code=code,
            direction=signal.direction,
            confidence_raw=float(view.opinion[CONFIDENCE]) if signal.direction else 0.0,
            confidence=signal.confidence,
            action=decider.action,
            beliefs=beliefs(decider.model, view.opinion),
            market=decider.stream.market_regime(view) if signal.warm and decider.model.spec.market_rules else None,
            intent=intent,
        )
        self._journal.commit_bar(bar, report, decision, self._snapshot(bar.ts))
        self._last = bar.ts
        if intent is not None:
            self._submit(intent)
        if progress is not None:
            progress(Tick(bar.ts, False, report.position, report.equity, str(code), self._pointer.digest))

    def _submit(self, intent: Intent) -> None:
        """Place an order that is in the journal already."""
        answer = self._venue.submit(intent)
        if not answer.accepted:
            self._journal.refuse_intent(intent, answer)

    def _snapshot(self, ts: int) -> Snapshot:
        return Snapshot(
            ts=ts,
            bundle_digest=self._pointer.digest,
            account=self._venue.account.save(),
            stream=self._decider.stream.save(),
        )

    def _refuse(self, refusal: Refusal) -> None:
        """Write down, once, why a promotion is not followed; the same one is not tried again."""
        wanted, error = refusal
        known_as = str(error) if wanted is None else wanted
        if known_as != self._refused:
            self._refused = known_as
            subject = "pointer" if wanted is None else wanted.digest
            self._journal.refuse(self._last, subject, error.code, error.message)

    def _mismatch(self, what: str) -> LiveError:
        return LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{self._journal.path} belongs to {self.session.symbol} at {self.session.interval // 1000} s, but {what}.",
            remedy="Name another journal with --journal, or the source this one was begun with.",
        )


def _layout(stream: SavedStream | None) -> dict[str, tuple[int, ...]] | None:
    return None if stream is None else {name: array.shape for name, array in stream.items()}
