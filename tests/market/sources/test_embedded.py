from __future__ import annotations

import time

import pytest

from tests.market.samples import spec_for
from tests.support import DAY_MS, HOUR_MS, START_MS, small_bars
from trading.errors import ConfigError
from trading.market.sources.embedded import EmbeddedSource, last_midnight, parse_simulated
from trading.market.sources.table import open_source
from trading.settings.models import MarketSpec


def opened(text: str, symbol: str = "TEST", interval: str = "1h") -> EmbeddedSource:
    source = open_source(spec_for(text, interval=interval), symbol)
    assert isinstance(source, EmbeddedSource)
    return source


def test_it_makes_bars_of_the_traded_interval_unless_its_parameters_name_one() -> None:
    assert opened("sim:edge=1", interval="15m").market.interval == "15m"
    assert opened("sim:edge=1", interval="15m").name == "sim:edge=1,interval=15m"
    assert opened("sim:edge=1,interval=1h", interval="4h").market.interval == "1h"
    # Bars of seven hours do not divide a day: they are joined from its own.
    assert opened("sim:", interval="7h").market.interval == "1h"


def test_its_identity_is_its_parameters_and_symbol() -> None:
    def of(text: str, symbol: str = "TEST") -> str:
        return opened(text, symbol).identity()

    assert of("sim:edge=1,seed=7") == of("sim:seed=7, edge=1.0") == of("sim:")
    assert len({of("sim:"), of("sim:seed=8"), of("sim:edge=0"), of("sim:", "OTHER")}) == 4


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("sim:", "sim:edge=1.0,seed=7"),
        ("sim:tail=6", "sim:edge=1.0,seed=7"),
        ("sim:tail=5,edge=0,interval=15m", "sim:edge=0.0,seed=7,interval=15m,tail=5.0"),
    ],
)
def test_its_label_names_edge_seed_and_what_was_written_and_differs(text: str, label: str) -> None:
    for interval in ("1h", "15m"):
        source = opened(text, interval=interval)
        assert source.label(source.identity()) == label


def test_a_night_of_it_is_as_of_the_last_midnight() -> None:
    assert last_midnight(20_000 * DAY_MS + 5) == last_midnight(20_000 * DAY_MS) == 20_000 * DAY_MS
    end = opened("sim:").end_ms()
    assert end % DAY_MS == 0
    assert end <= time.time() * 1000 < end + 2 * DAY_MS


def test_a_replay_of_it_goes_on_for_ninety_days() -> None:
    assert opened("sim:").replay_end_ms(START_MS) == START_MS + 90 * DAY_MS


def test_it_reads_what_had_closed_at_a_moment() -> None:
    raw = opened("sim:edge=1", "SIM").read(START_MS + 60 * DAY_MS + HOUR_MS // 2)
    assert raw.bars().digest() == small_bars(60).digest()
    assert raw.place(0) == "bar 1"


@pytest.mark.parametrize("text", ["edgy=1", "edge=high", "edge=nan", "seed=1.5", "edge=1,edge=2"])
def test_a_wrong_parameter_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ConfigError, match=text.partition("=")[0]):
        parse_simulated(text)
    with pytest.raises(ConfigError, match=text.partition("=")[0]):
        open_source(MarketSpec(source=f"sim:{text}"), "SIM")


@pytest.mark.parametrize(
    "text",
    [
        "start=",
        "start=NaT",
        "start=yesterday",
        "start=1000-01-01",
        "start=2021-01-01T06:00",
        "interval=soon",
        "seed=-1",
        "tail=2",
        "tail=-3",
        "garch_reaction=5",
        "garch_days=0",
        "bull_days=-1",
        "jumps_per_day=1e9",
    ],
)
def test_a_market_that_cannot_be_is_refused_by_the_name_of_its_parameter(text: str) -> None:
    with pytest.raises(ConfigError, match=text.partition("=")[0]):
        parse_simulated(text)


@pytest.mark.parametrize("start", ["2022-03-01", "2022-03-01T01:00+01:00", "1646092800"])
def test_its_start_is_read_as_every_moment_is(start: str) -> None:
    raw = opened(f"sim:start={start}").read(1_646_092_800_000 + DAY_MS)
    assert raw.ts.tolist() == [1_646_092_800_000 + HOUR_MS * hour for hour in range(24)]
