"""Starts a runner as the settings and the user ask: which model, which journal, which bars, and what watches them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.live.feeds.replay import ReplayFeed, open_replay
from trading.live.journal.journal import Journal
from trading.live.runner import Runner, Tick
from trading.live.session import open_runner
from trading.live.watch.pointer import FixedModel, ModelSource, Pointer
from trading.live.watch.watch import TRACKING_TOKEN_VARIABLE, TRACKING_URI_VARIABLE, ModelWatch, watch_command
from trading.market.raw import DAY_MS, duration, moment
from trading.model.bundle import Bundle, load_bundle
from trading.model.naming import model_name
from trading.settings.loader import without_password
from trading.settings.locations import Locations, locations
from trading.settings.models import MarketSpec, SevengatesSettings

SIMULATED_DAYS = 90
"""How far a replay of the embedded market goes past its start when no end is given: a file ends, that market never."""

JOURNAL_NAME = "journal.db"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the user asked for beyond the settings.

    Attributes:
        bundle: trade this folder and watch no registry.
        model: registered name; None follows from symbol and interval.
        symbol: None is the first of ``market.symbols``.
        start_ms, until_ms: UTC milliseconds, see :func:`open_runner` and :func:`open_replay`.
        journal: None is a file under ``HOME/live``.
        speed: traded bars per second; None is ``live.bars_per_second``.
    """

    bundle: Path | None = None
    model: str | None = None
    symbol: str | None = None
    start_ms: int | None = None
    until_ms: int | None = None
    journal: Path | None = None
    speed: float | None = None


@dataclass(frozen=True, eq=False)
class Launch:
    """A runner that is ready to run, and what it will run on."""

    runner: Runner
    journal: Journal
    replay: ReplayFeed
    speed: float
    watch: ModelWatch | None

    def run(self, stop: threading.Event, progress: Callable[[Tick], None] | None = None) -> None:
        """Trade to the end of the bars, or until asked to stop."""
        watch = self.watch
        self.runner.run(
            self.replay,
            bars_per_second=self.speed,
            stop=stop,
            watch=None if watch is None else lambda: watch.supervise(self.journal.trouble),
            progress=progress,
        )


@contextmanager
def launched(
    settings: SevengatesSettings, wish: Wish, say: Callable[[str], None] = lambda _: None
) -> Generator[Launch]:
    """Lock the journal, start the model watch if one is needed, and open runner and bars.

    Args:
        settings: of the process.
        wish: what the user asked for.
        say: told before anything that takes a while.

    Raises:
        SevengatesError: whatever keeps a runner from starting, with its code.
    """
    with ExitStack() as stack:
        places = locations(settings.runtime)
        models: ModelSource
        watch: ModelWatch | None = None
        if wish.bundle is not None:
            bundle = load_bundle(wish.bundle)
            if not bundle.approved:
                say(f"{wish.bundle}: the gates did not approve this bundle; it trades as a study, on paper")
            models = FixedModel(Pointer(folder=str(wish.bundle.resolve()), digest=bundle.digest))
            journal = stack.enter_context(_opened(wish.journal or bundle_journal(places.live, bundle)))
        else:
            name = wish.model or model_name(wish.symbol or settings.market.symbols[0], settings.market.interval)
            journal = stack.enter_context(_opened(wish.journal or places.live / name / JOURNAL_NAME))
            models = watch = stack.enter_context(_watch(settings, places, name))
            say(f"asking {without_password(places.tracking_uri)} for the promoted version of {name}")
            watch.wait_for_model(settings.live.model_wait_seconds, journal.trouble)
        runner = open_runner(journal, models, start_ms=wish.start_ms, max_jump=settings.market.max_jump)
        replay = _replay(settings.market, runner, wish.until_ms)
        speed = settings.live.bars_per_second if wish.speed is None else wish.speed
        yield Launch(runner, journal, replay, speed, watch)


def bundle_journal(live: Path, bundle: Bundle) -> Path:
    """The journal of a bundle that was named by its path: a study, kept apart from what follows the registry."""
    return live / model_name(bundle.lineage.symbol, bundle.lineage.interval) / f"bundle-{bundle.digest[:12]}.db"


@contextmanager
def _opened(path: Path) -> Generator[Journal]:
    journal = Journal(path)
    try:
        yield journal
    finally:
        journal.close()


def _watch(settings: SevengatesSettings, places: Locations, model: str) -> ModelWatch:
    folder = places.live / model
    token = settings.runtime.tracking_token.get_secret_value()
    environment = {TRACKING_URI_VARIABLE: places.tracking_uri} | ({TRACKING_TOKEN_VARIABLE: token} if token else {})
    return ModelWatch(watch_command(model, folder, settings.live.poll_seconds), folder, environment)


def _replay(market: MarketSpec, runner: Runner, until_ms: int | None) -> ReplayFeed:
    session = runner.session
    spec = market.model_copy(
        update={"symbols": (session.symbol,), "interval": duration(session.interval).replace(" ", "")}
    )
    if until_ms is None and spec.source.startswith("sim:"):
        until_ms = session.start_ms + SIMULATED_DAYS * DAY_MS
    replay = open_replay(spec, session.symbol, until_ms)
    last = int(replay.raw.ts[-1]) if len(replay.raw) else None
    if last is None or last < session.start_ms:
        ends = "is empty" if last is None else f"ends at {moment(last)}"
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{session.symbol}: {replay.raw.source} {ends}, before {moment(session.start_ms)}, where trading starts.",
            remedy="Give a later source, or --from to replay earlier bars, which the model may have been trained on.",
        )
    return replay
