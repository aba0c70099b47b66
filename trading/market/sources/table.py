"""The table of the kinds of sources, and the one way to open a source: by the string that names it.

To add a kind, write a class that keeps :class:`trading.market.sources.base.Source` and give it a row here; or, from
another package, offer the class as an entry point of the group :data:`GROUP`.
"""

from __future__ import annotations

from difflib import get_close_matches

from trading.codes import ReasonCode
from trading.errors import DataError, SevengatesError
from trading.market.sources.base import OpenSource, Source, SourceKind
from trading.market.sources.csv_file import CSV_ENDINGS, CsvSource
from trading.market.sources.embedded import EmbeddedSource
from trading.market.sources.parquet_file import PARQUET_ENDINGS, ParquetSource
from trading.market.sources.ticks_file import TicksSource
from trading.plugins import load_plugin, plugin_error, plugin_names
from trading.settings.models import MarketSpec

SOURCES: dict[str, SourceKind] = {
    "csv": SourceKind(CsvSource, endings=CSV_ENDINGS),
    "parquet": SourceKind(ParquetSource, endings=PARQUET_ENDINGS),
    "ticks": SourceKind(TicksSource),
    "sim": SourceKind(EmbeddedSource, target="PARAMETERS"),
}
"""The kinds of the platform by the prefix that names them; no package can take one of these names."""

GROUP = "sevengates.sources"
"""Entry points of this group are kinds of other packages: a prefix, and what opens a source (:class:`OpenSource`)."""


def open_source(spec: MarketSpec, symbol: str) -> Source:
    """The source of a symbol's bars; nothing is read yet.

    Args:
        spec: names the source.
        symbol: one of the symbols.

    Raises:
        DataError: ``SOURCE_UNKNOWN`` if the string names no kind of source.
        ConfigError: if several symbols would read the same file, a parameter is wrong, or the package that offers the
            kind is broken.
    """
    prefix, colon, target = spec.source.partition(":")
    if colon:
        if prefix in SOURCES:
            return SOURCES[prefix].open(target, symbol=symbol, spec=spec)
        offered = load_plugin(GROUP, prefix)
        if offered is not None:
            return _open_offered(prefix, offered, target, symbol, spec)
    for kind in SOURCES.values():
        if spec.source.lower().endswith(kind.endings):
            return kind.open(spec.source, symbol=symbol, spec=spec)
    raise _unknown(spec.source, prefix)


def _open_offered(name: str, offered: OpenSource, target: str, symbol: str, spec: MarketSpec) -> Source:
    """Open a source of another package's kind, and see that it is one before anything is asked of it."""
    remedy = f"Give the package a kind of source as docs/data.md shows, or name another one than {name}:."
    try:
        source = offered(target, symbol=symbol, spec=spec)
    except SevengatesError:
        raise
    except Exception as error:
        what = f"cannot open {spec.source!r}: {type(error).__name__}: {error}"
        raise plugin_error(GROUP, name, what, remedy) from error
    if not isinstance(source, Source):
        wanted = ("name", "path", "identity", "label", "end_ms", "replay_end_ms", "read")
        lacking = ", ".join(member for member in wanted if not hasattr(source, member))
        raise plugin_error(GROUP, name, f"opens a {type(source).__name__}, which lacks {lacking}", remedy)
    return source


def _unknown(text: str, prefix: str) -> DataError:
    names = (*SOURCES, *plugin_names(GROUP))
    nearest = get_close_matches(prefix.lower(), names, n=1)
    meant = f"Did you mean {nearest[0]}:? " if nearest else ""
    kinds = ", ".join(f"{name}:{SOURCES[name].target if name in SOURCES else '...'}" for name in names)
    endings = " or ".join(kind.endings[0] for kind in SOURCES.values() if kind.endings)
    return DataError(
        ReasonCode.SOURCE_UNKNOWN,
        f"market.source {text!r} names no kind of source.",
        remedy=f"{meant}Write {kinds}, or a path that ends in {endings}.",
    )
