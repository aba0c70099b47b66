"""nautilus_trader: bracket orders on a simulated exchange that is given a quote at each open and then the bar."""

from __future__ import annotations

import math
from decimal import Decimal
from importlib import import_module, metadata
from typing import Any, NamedTuple

import numpy as np

from bench.peers.asked import Asked, Trade

PACKAGE = "nautilus_trader"
CASH = 1_000_000
SIZE = 1e9
REASONS = {"STOP_MARKET": "stop", "LIMIT": "target", "MARKET": "time"}


class Prepared(NamedTuple):
    """An engine with its data; it is run once."""

    engine: Any


def version() -> str:
    """Of the installed package."""
    return metadata.version(PACKAGE)


def prepare(asked: Asked) -> Prepared:
    """Everything that is made once and is not the simulation.

    Args:
        asked: bars and entries.
    """
    engine_module = import_module("nautilus_trader.backtest.engine")
    config = import_module("nautilus_trader.config")
    model = import_module("nautilus_trader.model")
    enums = import_module("nautilus_trader.model.enums")
    currencies = import_module("nautilus_trader.model.currencies")
    identifiers = import_module("nautilus_trader.model.identifiers")
    engine = engine_module.BacktestEngine(
        engine_module.BacktestEngineConfig(
            logging=config.LoggingConfig(bypass_logging=True),
            risk_engine=config.RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    venue = identifiers.Venue("SIM")
    engine.add_venue(
        venue=venue,
        oms_type=enums.OmsType.HEDGING,
        account_type=enums.AccountType.MARGIN,
        base_currency=None,
        starting_balances=[model.Money(CASH, currencies.USDT)],
        default_leverage=Decimal(1),
    )
    instrument = _instrument(asked, identifiers.InstrumentId(identifiers.Symbol("ASSET"), venue), currencies.USDT)
    engine.add_instrument(instrument)
    bars_of = model.BarType.from_str(f"{instrument.id}-{asked.interval // 60_000}-MINUTE-LAST-EXTERNAL")
    size, volume = model.Quantity(SIZE, instrument.size_precision), model.Quantity(SIZE, instrument.size_precision)
    opens = (asked.ts * 1_000_000).tolist()
    closes = ((asked.ts + asked.interval) * 1_000_000 - 1).tolist()
    columns = [[instrument.make_price(x) for x in getattr(asked, name).tolist()] for name in _PRICES]
    data_of: list[Any] = []
    for opened, closed, prices in zip(opens, closes, zip(*columns, strict=True), strict=True):
        data_of.append(model.QuoteTick(instrument.id, prices[0], prices[0], size, size, opened, opened))
        data_of.append(model.Bar(bars_of, *prices, volume, closed, closed))
    engine.add_data(data_of[0::2], sort=False)
    engine.add_data(data_of[1::2], sort=True)
    engine.add_strategy(_replay(asked, instrument)())
    return Prepared(engine)


def simulate(prepared: Prepared) -> Any:
    """The simulation itself.

    Args:
        prepared: from :func:`prepare`.
    """
    prepared.engine.run()
    return prepared.engine


def trades(asked: Asked, result: Any) -> list[Trade]:
    """The trades in the order of their entries.

    Args:
        asked: bars and entries.
        result: from :func:`simulate`.
    """
    found = []
    for position in result.cache.positions_closed():
        entry, left = (
            np.searchsorted(asked.ts, [position.ts_opened // 1_000_000, position.ts_closed // 1_000_000], "right") - 1
        )
        reason = REASONS[result.cache.order(position.closing_order_id).type_string()]
        found.append(Trade(int(entry), float(position.avg_px_open), int(left), float(position.avg_px_close), reason))
    return sorted(found)


_PRICES = ("open", "high", "low", "close")


def _instrument(asked: Asked, name: Any, currency: Any) -> Any:
    model = import_module("nautilus_trader.model")
    instruments = import_module("nautilus_trader.model.instruments")
    price_digits, size_digits = (max(0, round(-math.log10(step))) for step in (asked.tick, asked.lot))
    fee = Decimal(repr(asked.fee))
    return instruments.CryptoPerpetual(
        instrument_id=name,
        raw_symbol=name.symbol,
        base_currency=import_module("nautilus_trader.model.currencies").BTC,
        quote_currency=currency,
        settlement_currency=currency,
        is_inverse=False,
        price_precision=price_digits,
        size_precision=size_digits,
        price_increment=model.Price(asked.tick, price_digits),
        size_increment=model.Quantity(asked.lot, size_digits),
        lot_size=None,
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.01"),
        maker_fee=fee,
        taker_fee=fee,
        ts_event=0,
        ts_init=0,
    )


def _replay(asked: Asked, instrument: Any) -> Any:
    trading = import_module("nautilus_trader.trading.strategy")
    enums = import_module("nautilus_trader.model.enums")
    entries = dict(zip(asked.entry.tolist(), range(len(asked.entry)), strict=True))
    duration = asked.duration.tolist()

    class Replay(trading.Strategy):
        def on_start(self) -> None:
            self.now, self.due = -1, {}
            self.subscribe_quote_ticks(instrument.id)

        def on_quote_tick(self, tick: Any) -> None:
            self.now += 1
            bracket = self.due.pop(self.now, None)
            if bracket is not None:
                position = self.cache.position_for_order(bracket.first.client_order_id)
                if position.is_open:
                    for order in bracket.orders[1:]:
                        self.cancel_order(order)
                    self.close_position(position)
            number = entries.get(self.now)
            if number is not None:
                quantity = float(asked.quantity[number])
                orders = self.order_factory.bracket(
                    instrument_id=instrument.id,
                    order_side=enums.OrderSide.BUY if quantity > 0.0 else enums.OrderSide.SELL,
                    quantity=instrument.make_qty(abs(quantity)),
                    sl_trigger_price=instrument.make_price(float(asked.stop[number])),
                    tp_price=instrument.make_price(float(asked.target[number])),
                    tp_post_only=False,
                )
                self.submit_order_list(orders)
                self.due[self.now + duration[number]] = orders

    return Replay
