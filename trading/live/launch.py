"""Starts a runner as the settings and the user ask: which model, which journal, which bars, and what watches them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError, LiveError
from trading.live.feeds.replay import ReplayFeed, open_replay
from trading.live.journal.file import Session
from trading.live.journal.journal import Journal
from trading.live.runner import Runner, Tick
from trading.live.session import open_runner
from trading.live.venues.opening import PAPER, find_venue
from trading.live.watch.pointer import FixedModel, ModelSource, Pointer
from trading.live.watch.watch import TRACKING_TOKEN_VARIABLE, TRACKING_URI_VARIABLE, ModelWatch, watch_command
from trading.market.sources.table import open_source
from trading.model.bundle import Bundle, load_bundle
from trading.model.naming import model_name
from trading.moments import interval_text, moment_text
from trading.settings.loader import without_password
from trading.settings.locations import Locations, locations
from trading.settings.models import MarketSpec, SevengatesSettings

JOURNAL_NAME = "journal.db"


@dataclass(frozen=True, kw_only=True)
class LaunchOptions:
    """What the user asked for beyond the settings.

    Attributes:
        bundle: trade this folder and watch no registry.
        version: trade this registered version, of any stage, as a study on paper.
        model_name: registered name; None follows from symbol and interval.
        symbol: None is the first of ``market.symbols``.
        start_ms: UTC milliseconds, see :func:`trading.live.session.open_runner`.
        until_ms: UTC milliseconds, see :func:`trading.live.feeds.replay.open_replay`.
        journal: None is a file under ``HOME/live``.
        speed: traded bars per second; None is ``live.bars_per_second``.
    """

    bundle: Path | None = None
    version: int | None = None
    model_name: str | None = None
    symbol: str | None = None
    start_ms: int | None = None
    until_ms: int | None = None
    journal: Path | None = None
    speed: float | None = None


@dataclass(frozen=True, eq=False)
class Launch:
    """A runner that is ready to run, and what it will run on.

    Attributes:
        runner: opened on its journal and venue.
        journal: what it writes.
        replay: the bars it will take in.
        speed: traded bars per second; 0 is as fast as possible.
        watch: follows the registry; None for a study, whose model never changes.
    """

    runner: Runner
    journal: Journal
    replay: ReplayFeed
    speed: float
    watch: ModelWatch | None

    def run(self, stop: threading.Event, progress: Callable[[Tick], None] | None = None) -> None:
        """Trade to the end of the bars, or until asked to stop.

        Args:
            stop: when set, the runner stops after the bar at hand.
            progress: called after every bar.
        """
        watch = self.watch
        self.runner.run(
            self.replay,
            bars_per_second=self.speed,
            stop=stop,
            before_bar=None if watch is None else lambda: watch.supervise(self.journal.refuse_watch),
            progress=progress,
        )


@contextmanager
def open_launch(
    settings: SevengatesSettings, options: LaunchOptions, notify: Callable[[str], None] = lambda _: None
) -> Generator[Launch]:
    """Lock the journal, start the model watch if one is needed, and open venue, runner and bars.

    Args:
        settings: of the process.
        options: what the user asked for.
        notify: is given a line before anything that takes a while, and what the user should know.

    Raises:
        SevengatesError: whatever keeps a runner from starting, with its code.
    """
    with ExitStack() as stack:
        places = locations(settings.runtime)
        venue = find_venue(settings.live.venue)
        models: ModelSource
        watch: ModelWatch | None = None
        name = options.model_name or model_name(options.symbol or settings.market.symbols[0], settings.market.interval)
        study = _study(settings, places, name, options, notify)
        if study is not None:
            bundle = load_bundle(Path(study.folder), expected_digest=study.digest)
            if not bundle.approved:
                notify(f"{study.folder}: the gates did not approve this bundle; it trades as a study, on paper")
            models = FixedModel(study)
            own = bundle_journal(places.live, bundle, venue.name)
            journal = stack.enter_context(closing(Journal(options.journal or own)))
        else:
            folder = runner_folder(places.live, name, venue.name)
            journal = stack.enter_context(closing(Journal(options.journal or folder / JOURNAL_NAME)))
            models = watch = stack.enter_context(_watch(settings, places, name, folder))
            notify(f"asking {without_password(places.tracking_uri)} for the promoted version of {name}")
            watch.wait_for_model(settings.live.model_wait_seconds, journal.refuse_watch)
        runner = stack.enter_context(
            closing(
                open_runner(journal, models, start_ms=options.start_ms, max_jump=settings.market.max_jump, venue=venue)
            )
        )
        replay = _replay(settings.market, runner.session, options.until_ms)
        for step in replay.raw.repairs:
            notify(step.message)
        for check in replay.raw.checks:
            if not check.passed:
                notify(f"{check.message} {check.remedy}")
        speed = settings.live.bars_per_second if options.speed is None else options.speed
        yield Launch(runner=runner, journal=journal, replay=replay, speed=speed, watch=watch)


def runner_folder(live: Path, name: str, venue: str) -> Path:
    """The folder of a runner's journal and model watch; each venue has an account of its own.

    Args:
        live: folder of live state.
        name: registered model name.
        venue: name of the venue.
    """
    return live / (name if venue == PAPER.name else f"{name}-{venue}")


def bundle_journal(live: Path, bundle: Bundle, venue: str) -> Path:
    """The journal of a bundle that was named by its path: a study, kept apart from what follows the registry.

    Args:
        live: folder of live state.
        bundle: the named one.
        venue: name of the venue.
    """
    name = model_name(bundle.lineage.symbol, bundle.lineage.interval)
    return runner_folder(live, name, venue) / f"bundle-{bundle.digest[:12]}.db"


def _study(
    settings: SevengatesSettings,
    places: Locations,
    name: str,
    options: LaunchOptions,
    notify: Callable[[str], None],
) -> Pointer | None:
    """The bundle that the user named by its folder or its version, beside what is in Production; None if none."""
    if options.bundle is not None and options.version is not None:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID, "--bundle and --version each name a model.", remedy="Give one of them."
        )
    if options.bundle is not None:
        return Pointer(folder=str(options.bundle.resolve()), digest=load_bundle(options.bundle).digest)
    if options.version is None:
        return None
    if settings.live.venue != PAPER.name:
        raise LiveError(
            ReasonCode.PAPER_ONLY,
            f"version {options.version} is traded as a study, and live.venue is {settings.live.venue!r}.",
            remedy="Give --venue paper; only the version in Production trades elsewhere.",
        )
    # A folder of its own: the watch of the promoted version may be at work in the other.
    folder = runner_folder(places.live, name, PAPER.name) / "studies" / f"version-{options.version}"
    notify(f"asking {without_password(places.tracking_uri)} for version {options.version} of {name}")
    with _watch(settings, places, name, folder, options.version) as watch:
        watch.wait_for_model(settings.live.model_wait_seconds, lambda code, message: notify(f"{code}: {message}"))
        return watch.current()


def _watch(
    settings: SevengatesSettings, places: Locations, name: str, folder: Path, version: int | None = None
) -> ModelWatch:
    token = settings.runtime.tracking_token.get_secret_value()
    environment = {TRACKING_URI_VARIABLE: places.tracking_uri} | ({TRACKING_TOKEN_VARIABLE: token} if token else {})
    return ModelWatch(watch_command(name, folder, settings.live.poll_seconds, version), folder, environment)


def _replay(market: MarketSpec, session: Session, until_ms: int | None) -> ReplayFeed:
    spec = market.model_copy(update={"symbols": (session.symbol,), "interval": interval_text(session.interval)})
    if until_ms is None:
        until_ms = open_source(spec, session.symbol).replay_end_ms(session.start_ms)
    replay = open_replay(spec, session.symbol, until_ms)
    last = int(replay.raw.ts[-1]) if len(replay.raw) else None
    if last is None or last < session.start_ms:
        ends = "is empty" if last is None else f"ends at {moment_text(last)}"
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{session.symbol}: {replay.raw.source} {ends}, before {moment_text(session.start_ms)}, where trading "
            "starts.",
            remedy="Give a later source, or --from to replay earlier bars, which the model may have been trained on.",
        )
    return replay
