"""What one night of one symbol follows from, as one value, and the key under which its result is remembered."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from trading.canonical import digest_of
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.market.sources.opening import END_OF_TIME_MS, identity, last_moment, open_source
from trading.market.sources.simulated import SimulatedMarket, parse_simulated
from trading.model.lineage import library_versions
from trading.model.naming import model_name
from trading.seeds import seed_for
from trading.settings.models import RuntimeSpec, SevengatesSettings
from trading.values import Frozen

Moment = datetime | str | None

EARLIEST_YEAR, LATEST_YEAR = 1970, 2099
SEED_USES = ("regimes", "policy", "leakage", "stress")

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("trading", "envs")
_SHOWN = ("edge", "seed")
_NOT_OF_A_NIGHT = ("trading/cli/", "trading/live/")


class NightPlan(Frozen):
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
    def interval(self) -> str:
        """Length of the traded bar."""
        return self.settings.market.interval

    @property
    def seeds(self) -> dict[str, int]:
        """Every seed of the night by its use; all follow from the root."""
        root = self.settings.runtime.seed
        return {"root": root, **{use: seed_for(root, self.symbol, use) for use in SEED_USES}}

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
    def model_name(self) -> str:
        """Name of the registered model."""
        return model_name(self.symbol, self.interval)

    @property
    def key(self) -> str:
        """The same night has the same key, wherever its file lies."""
        values = self.model_dump(mode="json")
        del values["settings"]["market"]["source"]
        return digest_of(values)


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


def moment_ms(as_of: Moment) -> int | None:
    """A moment as UTC milliseconds.

    Args:
        as_of: ISO text or datetime, UTC unless it says otherwise; None and empty text are no moment.

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


def moment_time(as_of: Moment) -> datetime | None:
    """A moment as UTC time.

    Args:
        as_of: as :func:`moment_ms` reads it.
    """
    ms = moment_ms(as_of)
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


@cache
def code_version(root: Path = _ROOT) -> str:
    """Digest of the sources that train and judge, and of the libraries under them.

    The command line and the live runner are left out: they change no model.

    Args:
        root: the checkout, or the folder of the installed packages.
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
