"""Names of registered models."""

from __future__ import annotations

from trading.settings.models import plain_symbol


def model_name(symbol: str, interval: str) -> str:
    """The registered model of a symbol and interval, for example ``sevengates-btcusdt-15m``.

    Args:
        symbol: the market; capitals, slashes and colons of it become what a name may hold.
        interval: traded interval, for example ``15m``.
    """
    return f"sevengates-{plain_symbol(symbol)}-{interval}"
