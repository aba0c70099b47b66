"""What one night of one symbol depends on, as one value, and the key under which its result is remembered."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from trading.canonical import digest_of
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.market.sources.opening import END_OF_TIME_MS, identity, last_moment, open_source
from trading.market.sources.simulated import SimulatedMarket, parse_simulated
from trading.model.lineage import library_versions
from trading.model.naming import model_name
from trading.registry.ledger import Ledger
from trading.seeds import seed_for
from trading.settings.models import RuntimeSpec, SevengatesSettings, Spec
from trading.store import Ref, Store

Moment = datetime | str | None

EARLIEST_YEAR, LATEST_YEAR = 1970, 2099
SEED_USES = ("regimes", "policy", "leakage", "stress")

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("trading", "envs")
_SHOWN = ("edge", "seed")
_NOT_OF_A_NIGHT = ("trading/cli/", "trading/live/")


class NightPlan(Spec):
    """Everything that the outcome of a night follows from, except the champion it meets.

    Attributes:
        symbol: the market.
        as_of_ms: UTC milliseconds; nothing later is seen.
        source: digest of the data source, whatever its path is.
        code: digest of the sources and libraries that train and judge.
        settings: every setting; what cannot change the outcome is at its default.
    """

    symbol: str
    as_of_ms: int
    source: str
    code: str
    settings: SevengatesSettings

    @property
    def seed(self) -> int:
        """Root of the night's random numbers."""
        return self.settings.runtime.seed

    def seed_for(self, use: str) -> int:
        """Root of the random numbers of one use, such as ``policy``."""
        return seed_for(self.seed, self.symbol, use)

    @property
    def seeds(self) -> dict[str, int]:
        """Every seed of the night by its use."""
        return {"root": self.seed, **{use: self.seed_for(use) for use in SEED_USES}}

    @property
    def source_label(self) -> str:
        """The source as lineage names it: parameters of the embedded market, or the digest of a file, never a path."""
        prefix, _, target = self.settings.market.source.partition(":")
        if prefix != "sim":
            return f"file:{self.source}"
        values, blank = asdict(parse_simulated(target)), asdict(SimulatedMarket())
        shown = [f"{name}={value}" for name, value in values.items() if name in _SHOWN or value != blank[name]]
        return f"sim:{','.join(shown)}"

    @property
    def model(self) -> str:
        """Name of the registered model."""
        return model_name(self.symbol, self.settings.market.interval)

    @property
    def key(self) -> str:
        """The same night has the same key, wherever its file lies."""
        values = self.model_dump(mode="json")
        del values["settings"]["market"]["source"]
        return digest_of(values)


class Champion(Spec):
    """The model in Production when a night began.

    Attributes:
        version: in the registry; bundle_digest: of its bundle; model: in the store.
        as_of_ms: moment of its night, UTC milliseconds.
    """

    version: int
    bundle_digest: str
    as_of_ms: int
    model: Ref


class Pin(Spec):
    """What a night met when it began, kept so that a night that was killed goes on against the same.

    Attributes:
        champion: in Production then, or None.
        live: the champion's live record, or None if it has none.
    """

    champion: Champion | None = None
    live: Ref | None = None


class NightOutcome(Spec):
    """How a night ended.

    Attributes:
        status: where the candidate went.
        model, version, bundle_digest: what was registered.
        bundle, backtest, evidence, verdict, comparison: what the decision rests on, in the store.
        code, reason: why, as a stable code and a sentence.
        paper_only: whether the version may trade on paper only.
        champion: version that was in Production before, or None.
    """

    symbol: str
    interval: str
    as_of_ms: int
    status: Literal["promoted", "staged", "rejected"]
    model: str
    version: int
    bundle_digest: str
    bundle: Ref
    backtest: Ref
    evidence: Ref
    verdict: Ref
    comparison: Ref | None
    code: ReasonCode
    reason: str
    paper_only: bool
    champion: int | None


def plan_night(settings: SevengatesSettings, symbol: str, as_of: Moment = None) -> NightPlan:
    """The plan of one symbol's night.

    Args:
        settings: resolved settings.
        symbol: one of their symbols.
        as_of: a moment, as ISO text or datetime, UTC unless it says otherwise; None is the source's own end.

    Raises:
        DataError: if the source is missing or unknown.
        ConfigError: if the moment cannot be read.
    """
    source = open_source(settings.market, symbol)
    digest = identity(source)
    moment = moment_ms(as_of)
    if moment is None:
        end = last_moment(source)
        # A source without any readable time has no end; loading it will say what is wrong with it.
        moment = END_OF_TIME_MS if end is None else end
    return NightPlan(
        symbol=symbol, as_of_ms=moment, source=digest, code=code_version(), settings=_relevant(settings, symbol)
    )


def finished(store: Store, plan: NightPlan, ledger: Path) -> NightOutcome | None:
    """How the night ended if it has been run already, else None.

    The memory counts only while the promotion ledger knows the version.

    Args:
        store: holds the memory.
        plan: of the night.
        ledger: file of the promotion ledger.
    """
    known = store.recall("night", {"night": plan.key})
    if known is None or not ledger.exists():
        return None
    outcome = NightOutcome.model_validate(known)
    entries = Ledger(ledger).history(plan.model)
    held = {(entry.version, entry.bundle_digest) for entry in entries}
    return outcome if (outcome.version, outcome.bundle_digest) in held else None


def remember(store: Store, plan: NightPlan, outcome: NightOutcome) -> None:
    """Write down how a night ended."""
    store.remember("night", {"night": plan.key}, outcome.model_dump(mode="json"))


def moment_ms(as_of: Moment) -> int | None:
    """A moment as UTC milliseconds.

    >>> moment_ms("1970-01-02")
    86400000
    """
    if as_of is None or as_of == "":
        return None
    try:
        when = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"as-of moment {as_of!r} is not a date or time.",
            remedy="Write for example 2026-11-20 or 2026-11-20T18:00+00:00.",
        ) from error
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    if not EARLIEST_YEAR <= when.year <= LATEST_YEAR:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"as-of moment {as_of} is not between the years {EARLIEST_YEAR} and {LATEST_YEAR}.",
            remedy="Write for example 2026-11-20 or 2026-11-20T18:00+00:00.",
        )
    return int(when.timestamp() * 1000)


@cache
def code_version(root: Path = _ROOT) -> str:
    """Digest of the sources that train and judge, and of the libraries under them.

    The command line and the live runner are left out: they change no model.
    """
    files = [path for folder in _SOURCES for path in (root / folder).rglob("*.py")]
    names = {path.relative_to(root).as_posix(): path for path in files}
    sources = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if not name.startswith(_NOT_OF_A_NIGHT)
    }
    return digest_of({"sources": sources, "libraries": library_versions()})


def _relevant(settings: SevengatesSettings, symbol: str) -> SevengatesSettings:
    """The settings with everything at its default that no result depends on."""
    blank = SevengatesSettings()
    return settings.model_copy(
        update={
            "market": settings.market.model_copy(update={"symbols": (symbol,)}),
            "policy": settings.policy.model_copy(update={"workers": blank.policy.workers}),
            "live": blank.live,
            "runtime": RuntimeSpec(seed=settings.runtime.seed),
        }
    )
