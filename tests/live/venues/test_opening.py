from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.live.support import Promotions, fixed, pointer_to, trade, write_model
from tests.support import HOUR_MS, random_model, small_bars
from tests.support.plugins import installed
from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError, TransportError
from trading.live.journal.journal import Journal
from trading.live.runner import Tick
from trading.live.session import open_runner
from trading.live.venues.base import Guarantees, VenueKind
from trading.live.venues.opening import GROUP, PAPER, find_venue, open_venue
from trading.live.venues.paper import PaperVenue
from trading.model.bundle import Bundle
from trading.simulation.accounts import Account
from trading.steps.account import PARAMETERS_SIZE

BARS = small_bars(20)


class RealVenue(PaperVenue):
    """A venue that says that it trades real money; it remembers whether it was closed."""

    guarantees = Guarantees(money="real", fills="bars", idempotent_submit=True, cancel=True)
    closed = False

    def close(self) -> None:
        type(self).closed = True


class ForgetfulVenue(RealVenue):
    guarantees = Guarantees(money="paper", fills="bars", idempotent_submit=False, cancel=True)


REAL = VenueKind("real", RealVenue)


def bundle_for(folder: Path, *, seed: int = 4, decision: str = "APPROVED", paper_only: bool) -> Bundle:
    return write_model(folder / f"b{seed}", random_model(seed), decision=decision, paper_only=paper_only)


def new_account() -> Account:
    return Account(symbol="SIM", interval=HOUR_MS, initial_equity=1_000.0, parameters=np.zeros(PARAMETERS_SIZE))


@pytest.mark.parametrize(("decision", "paper_only"), [("APPROVED", True), ("REJECTED", False), ("REJECTED", True)])
def test_real_money_is_refused_to_a_bundle_that_may_trade_on_paper_only(
    folder: Path, decision: str, paper_only: bool
) -> None:
    bundle = bundle_for(folder, decision=decision, paper_only=paper_only)
    RealVenue.closed = False
    with closing(Journal(folder / "j.db")) as journal:
        with pytest.raises(LiveError, match="real money") as error:
            open_runner(journal, fixed(bundle), start_ms=int(BARS.ts[100]), venue=REAL)
        assert journal.session() is None
    assert error.value.code is ReasonCode.PAPER_ONLY
    assert RealVenue.closed
    # On paper the same bundle trades.
    assert trade(folder / "j.db", fixed(bundle), BARS.slice(0, 120), 100).bars == 20


def test_real_money_is_given_to_a_bundle_that_was_approved_for_it(folder: Path) -> None:
    RealVenue.closed = False
    status = trade(folder / "j.db", fixed(bundle_for(folder, paper_only=False)), BARS.slice(0, 200), 100, venue=REAL)
    assert (status.bars, status.venue, status.trades > 2) == (100, "real", True)
    assert RealVenue.closed


def test_a_promoted_bundle_that_may_trade_on_paper_only_does_not_take_over_real_money(folder: Path) -> None:
    old, new = bundle_for(folder, paper_only=False), bundle_for(folder, seed=2, paper_only=True)
    promotions = Promotions(pointer_to(old, 1))

    def promote(tick: Tick) -> None:
        if tick.ts == int(BARS.ts[150]):
            promotions.pointer = pointer_to(new, 2)

    status = trade(folder / "j.db", promotions, BARS.slice(0, 200), 100, promote, venue=REAL)
    assert (status.bundle_digest, status.swaps, status.refusals) == (old.digest, 0, 1)
    assert status.last_refusal.startswith("PAPER_ONLY: ")
    # The same after a restart, with the trades of the old model to the end.
    again = trade(folder / "j.db", promotions, BARS, 100, venue=REAL)
    assert (again.bundle_digest, again.swaps, again.refusals) == (old.digest, 0, 2)
    alone = trade(folder / "alone.db", fixed(old), BARS, 100, venue=REAL)
    assert (again.ledger_sha256, again.trades > 2) == (alone.ledger_sha256, True)


def test_a_venue_that_may_place_an_order_twice_is_refused_and_closed() -> None:
    ForgetfulVenue.closed = False
    with pytest.raises(LiveError, match="one order") as error:
        open_venue(VenueKind("forgetful", ForgetfulVenue), new_account())
    assert error.value.code is ReasonCode.VENUE_INVALID
    assert ForgetfulVenue.closed


def test_what_is_no_venue_is_refused_with_what_it_lacks() -> None:
    class Half:
        account = guarantees = None

        def __init__(self, account: Account) -> None: ...
        def on_bar(self) -> None: ...

    half: object = Half
    with pytest.raises(LiveError, match="it has no submit, cancel, positions, close") as error:
        open_venue(VenueKind("half", half), new_account())  # pyright: ignore[reportArgumentType]
    assert error.value.code is ReasonCode.VENUE_INVALID


def test_a_venue_that_fails_to_open_is_named_and_its_own_errors_are_kept() -> None:
    def broken(account: Account) -> PaperVenue:
        raise KeyError("API_KEY")

    with pytest.raises(LiveError, match="'broken' cannot be opened: KeyError: 'API_KEY'") as error:
        open_venue(VenueKind("broken", broken), new_account())
    assert error.value.code is ReasonCode.VENUE_INVALID

    def unreachable(account: Account) -> PaperVenue:
        raise TransportError(ReasonCode.REGISTRY_UNREACHABLE, "no answer.", remedy="Wait.")

    with pytest.raises(TransportError):
        open_venue(VenueKind("unreachable", unreachable), new_account())


def test_paper_is_the_projects_own_and_its_name_cannot_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_venue("paper") == PAPER
    monkeypatch.syspath_prepend(installed(tmp_path, "rival", {GROUP: {"paper": "math:pi"}}))
    with pytest.raises(ConfigError, match="name of a built-in venue") as error:
        find_venue("paper")
    assert error.value.code is ReasonCode.PLUGIN_INVALID


def test_an_entry_point_to_nothing_callable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "math" in sys.modules
    monkeypatch.syspath_prepend(installed(tmp_path, "numbers", {GROUP: {"pi": "math:pi"}}))
    with pytest.raises(ConfigError, match="nothing that can be called") as error:
        find_venue("pi")
    assert error.value.code is ReasonCode.PLUGIN_INVALID


def test_a_venue_of_one_market_is_told_the_market_it_trades(folder: Path) -> None:
    seen: list[tuple[str, int]] = []

    def opened(account: Account) -> PaperVenue:
        seen.append((account.symbol, account.interval))
        return PaperVenue(account)

    spec = random_model(4).spec.model_copy(update={"symbol": "ETH"})
    bundle = write_model(folder / "b", replace(random_model(4), spec=spec))
    with closing(Journal(folder / "j.db")) as journal:
        open_runner(journal, fixed(bundle), start_ms=int(BARS.ts[100]), venue=VenueKind("paper", opened)).close()
    assert seen == [("ETH", HOUR_MS)]
