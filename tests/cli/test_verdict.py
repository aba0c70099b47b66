from __future__ import annotations

import pytest

from trading.cli.verdict import ways_to_look
from trading.settings.models import MarketSpec, SevengatesSettings


@pytest.mark.parametrize(
    ("market", "symbol", "gates", "live"),
    [
        (MarketSpec(), "SIM", "sevengates gates 3", "sevengates live"),
        (
            MarketSpec(symbols=("BTCUSDT",), source="csv:my bars.csv", interval="2h"),
            "BTCUSDT",
            "sevengates gates 3 --symbol BTCUSDT --interval 2h",
            "sevengates live --symbol BTCUSDT --interval 2h --source 'csv:my bars.csv'",
        ),
    ],
)
def test_the_commands_a_night_ends_with_find_what_it_made(
    market: MarketSpec, symbol: str, gates: str, live: str
) -> None:
    settings = SevengatesSettings(market=market)
    lines = "\n".join(ways_to_look(settings, symbol, 3, promoted=True))
    assert f"  {gates}  " in lines
    assert f"  {live}  " in lines
    assert "sevengates live" not in "\n".join(
        ways_to_look(SevengatesSettings(market=market), symbol, 3, promoted=False)
    )
