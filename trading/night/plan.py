"""What one night of one symbol follows from, as one value, and the key under which its result is remembered."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from trading.canonical import digest_of
from trading.checks.table import CHECKS
from trading.engines.choice import EngineChoice, chosen_engines
from trading.market.sources.funding_file import open_funding
from trading.market.sources.holidays_file import open_holidays, open_hours
from trading.market.sources.table import open_source
from trading.model.lineage import library_versions
from trading.model.naming import model_name
from trading.moments import END_MS, Moment, moment_ms
from trading.seeds import seed_for
from trading.settings.models import RuntimeSpec, SevengatesSettings
from trading.training.instruments import resolved_instrument
from trading.values import Frozen

SEED_USES = ("regimes", "policy", *(name for name, check in CHECKS.items() if check.seeded))

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("trading", "envs")
_NOT_OF_A_NIGHT = ("trading/cli/", "trading/live/")


class NightPlan(Frozen):
    """Everything that the outcome of a night follows from, except the champion it meets.

    Attributes:
        symbol: the market.
        as_of_ms: UTC milliseconds; nothing later is seen.
        source: digest of the data source, whatever its path is.
        funding: digest of the file of funding events, whatever its path is; empty if none is charged.
        holidays: digest of the file of holidays, whatever its path is; empty if the settings name none.
        code: digest of the sources and libraries that train and judge.
        settings: every setting; what cannot change the outcome is at its default.
        engines: that are trained, with the options and the code of each.
    """

    symbol: str
    as_of_ms: int
    source: str
    funding: str
    holidays: str
    code: str
    settings: SevengatesSettings
    engines: tuple[EngineChoice, ...]

    @property
    def interval(self) -> str:
        """Length of the traded bar."""
        return self.settings.market.interval

    @property
    def history_bars(self) -> int:
        """Traded bars that a night uses at most."""
        return self.settings.market.history_bars

    @property
    def seeds(self) -> dict[str, int]:
        """Every seed of the night by its use; all follow from the root."""
        root = self.settings.runtime.seed
        return {"root": root, **{use: seed_for(root, self.symbol, use) for use in SEED_USES}}

    @property
    def source_label(self) -> str:
        """The source as lineage names it, never by a path."""
        return open_source(self.settings.market, self.symbol).label(self.source)

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        return model_name(self.symbol, self.interval)

    @property
    def key(self) -> str:
        """The same night has the same key, wherever its file lies."""
        values = self.model_dump(mode="json")
        for path in ("source", "funding", "holidays"):
            del values["settings"]["market"][path]
        return digest_of(values)


def plan_night(settings: SevengatesSettings, symbol: str, as_of: Moment = None) -> NightPlan:
    """The plan of one symbol's night.

    Args:
        settings: resolved settings.
        symbol: one of their symbols.
        as_of: a moment, as ISO text or datetime, UTC unless it says otherwise; None is the source's own end.

    Raises:
        DataError: if the source, the file of funding or that of holidays is missing or unknown.
        ConfigError: if moment or hours cannot be read, an engine is unknown, the source or an engine has wrong options,
            or the exchange's table of instruments does not know the symbol.
    """
    source = open_source(settings.market, symbol)
    funding = open_funding(settings.market, symbol)
    holidays = open_holidays(settings.market, symbol)
    open_hours(settings.market, symbol)  # hours that cannot be read are refused before anything is trained
    digest = source.identity()
    as_of_ms = moment_ms(as_of, option="--as-of")
    if as_of_ms is None:
        end = source.end_ms()
        # A source without any readable time has no end; loading it will say what is wrong with it.
        as_of_ms = END_MS if end is None else end
    return NightPlan(
        symbol=symbol,
        as_of_ms=as_of_ms,
        source=digest,
        funding="" if funding is None else funding.identity(),
        holidays="" if holidays is None else holidays.identity(),
        code=code_version(),
        settings=_relevant(settings, symbol),
        engines=chosen_engines(settings),
    )


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
            "instrument": resolved_instrument(settings.instrument, symbol),
            "policy": settings.policy.model_copy(update={"workers": blank.policy.workers}),
            "live": blank.live,
            "runtime": RuntimeSpec(seed=settings.runtime.seed),
        }
    )
