from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.support import replay_of
from tests.registry.conftest import (  # noqa: F401
    NAME,
    home,
    ledger,
    log,
    make_bundle,
    migrated,
    registry,
    small_model,
)
from tests.support import small_bars
from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError, SevengatesError
from trading.live.eligibility import load_offered, require_allowed
from trading.live.journal.journal import Journal
from trading.live.launch import LaunchOptions, open_launch
from trading.live.session import open_runner
from trading.live.status import status_of
from trading.live.venues.base import Guarantees
from trading.live.venues.opening import PAPER
from trading.live.watch import child as watch_child
from trading.live.watch.pointer import POINTER_NAME, PointerFile
from trading.live.watch.watch import TRACKING_URI_VARIABLE, ModelWatch, WatchReport, watch_command
from trading.registry.adapter import MlflowRegistry
from trading.registry.client import RegistryClient
from trading.registry.ledger import Ledger
from trading.registry.override import override_production
from trading.registry.promotion import enter_production, return_to_production
from trading.settings.models import SevengatesSettings
from trading.simulation.backtest import run_backtest

# ruff: noqa: F811  # pytest hands fixtures over by name
Log = Callable[..., int]


def put_into_production(registry: MlflowRegistry, ledger: Ledger, version: int) -> None:
    enter_production(registry, ledger, NAME, version, reason="better", actor="test")


def flip_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100] ^= 4
    path.write_bytes(data)


def asked(registry: MlflowRegistry, out: Path) -> WatchReport:
    """What the model watch finds when it asks once."""
    return watch_child.ask_registry(RegistryClient(registry.tracking_uri), NAME, out)


def test_the_child_follows_the_champion_and_points_only_to_what_verifies(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    client, out = RegistryClient(registry.tracking_uri), tmp_path / "live"
    source = PointerFile(out / POINTER_NAME)
    assert watch_child.ask_registry(client, NAME, out).code is ReasonCode.NO_MODEL
    first = log(1)
    assert watch_child.ask_registry(client, NAME, out).code is ReasonCode.NO_MODEL
    assert source.current() is None

    put_into_production(registry, ledger, first)
    assert watch_child.ask_registry(client, NAME, out).code is ReasonCode.OK
    pointer = source.current()
    assert pointer is not None
    assert (pointer.version, pointer.epoch) == (1, 1)
    assert Path(pointer.folder) == out.resolve() / "bundles" / pointer.digest

    second = log(2)
    flip_bit(registry.download(NAME, second) / "weights.safetensors")
    with pytest.raises(Exception, match="BUNDLE_CORRUPT"):
        put_into_production(registry, ledger, second)
    third = log(3)
    put_into_production(registry, ledger, third)
    downloaded = registry.download(NAME, third)
    flip_bit(downloaded / "weights.safetensors")
    assert watch_child.ask_registry(client, NAME, out).code is ReasonCode.BUNDLE_CORRUPT
    assert source.current() == pointer
    flip_bit(downloaded / "weights.safetensors")
    assert watch_child.ask_registry(client, NAME, out).code is ReasonCode.OK
    newer = source.current()
    assert newer is not None
    assert newer.version == third
    assert sorted(path.name for path in (out / "bundles").iterdir()) == sorted([pointer.digest, newer.digest])


def test_an_alias_moved_past_the_ledger_is_not_followed(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    put_into_production(registry, ledger, log(1))
    asked(registry, tmp_path)
    registry.set_champion(NAME, log(2))
    assert asked(registry, tmp_path).code is ReasonCode.PROMOTION_CONFLICT
    pointer = PointerFile(tmp_path / POINTER_NAME).current()
    assert pointer is not None
    assert pointer.version == 1


def test_a_version_of_an_earlier_epoch_is_not_followed_even_if_mlflow_shows_it_in_production(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    for seed in (1, 2):
        put_into_production(registry, ledger, log(seed))
        asked(registry, tmp_path)
    registry.set_champion(NAME, 1)
    registry.tag_version(NAME, 1, {"stage": "Production"})
    assert asked(registry, tmp_path).code is ReasonCode.PROMOTION_CONFLICT
    return_to_production(registry, ledger, NAME)
    assert asked(registry, tmp_path).code is ReasonCode.OK
    pointer = PointerFile(tmp_path / POINTER_NAME).current()
    assert pointer is not None
    assert (pointer.version, pointer.epoch) == (1, 3)


def overridden(registry: MlflowRegistry, ledger: Ledger, version: int) -> None:
    override_production(registry, ledger, NAME, version, operator="Ada", reason="a study", despite_gates=True)


def test_a_runner_trades_a_rejected_version_only_by_an_override_on_paper_and_says_so_after_a_restart(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    out, bars = tmp_path / "live", small_bars(20)
    overridden(registry, ledger, log(1, sharpe=0.5))
    assert asked(registry, out).code is ReasonCode.OK
    pointer = PointerFile(out / POINTER_NAME).current()
    assert pointer is not None
    assert pointer.despite_gates
    with closing(Journal(out / "journal.db")) as journal:
        open_runner(journal, PointerFile(out / POINTER_NAME), start_ms=int(bars.ts[200])).run(replay_of(bars))
    status = status_of(out / "journal.db")
    assert status is not None
    assert (status.version, status.refusals) == (1, 0)
    assert status.override == "overridden against its gates by Ada: a study"
    # Without the registry the journal's own model goes on, and is known as what it is.
    (out / POINTER_NAME).unlink()
    with closing(Journal(out / "journal.db")) as journal:
        assert open_runner(journal, PointerFile(out / POINTER_NAME)).pointer == pointer

    # Only the tag of an override admits it: the same version put there in MLflow alone is refused.
    registry.tag_version(NAME, 1, {"override_action": "override"})
    (out / POINTER_NAME).unlink(missing_ok=True)
    assert asked(registry, out).code is ReasonCode.MODEL_NOT_APPROVED


def test_an_approved_version_is_kept_from_real_money_by_its_override_and_by_nothing_else(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    real = Guarantees(money="real", fills="events", idempotent_submit=True, cancel=True)
    overridden(registry, ledger, log(1))
    asked(registry, tmp_path)
    pointer = PointerFile(tmp_path / POINTER_NAME).current()
    assert pointer is not None
    offered = load_offered(pointer, None)
    with pytest.raises(LiveError, match="overridden against the rule for replacing by Ada") as caught:
        require_allowed(offered, real)
    assert caught.value.code is ReasonCode.PAPER_ONLY
    require_allowed(offered._replace(pointer=pointer.model_copy(update={"override": ""})), real)


def test_a_version_that_is_not_in_production_trades_as_a_study_of_its_own(
    registry: MlflowRegistry, ledger: Ledger, log: Log, home: Path
) -> None:
    put_into_production(registry, ledger, log(1))
    studied = log(2)
    settings = SevengatesSettings.model_validate(
        {
            "runtime": {"home": str(home), "tracking_uri": registry.tracking_uri},
            "market": {"source": "sim:edge=1", "symbols": ["SIM"]},
            "live": {"poll_seconds": 0.1},
        }
    )
    bars = small_bars(20)
    options = LaunchOptions(
        version=studied, model_name=NAME, start_ms=int(bars.ts[200]), until_ms=int(bars.ts[-1]) + 1, speed=0.0
    )
    with open_launch(settings, options) as launch:
        launch.run(threading.Event())
        journal = launch.journal.path
    digest = registry.version(NAME, studied).bundle_digest
    assert journal == home / "live" / NAME / f"bundle-{digest[:12]}.db"
    status = status_of(journal)
    assert status is not None
    # No registered version to the record of the champion, and known by its digest as the version's own.
    assert (status.version, status.bundle_digest, status.override) == (None, digest, "")
    assert status.bars > 0
    # The promoted version's pointer is left alone.
    assert not (home / "live" / NAME / POINTER_NAME).exists()

    with (
        pytest.raises(ConfigError, match="has no version 9") as caught,
        open_launch(settings, LaunchOptions(version=9, model_name=NAME)),
    ):
        pass
    assert caught.value.code is ReasonCode.MODEL_UNKNOWN


@pytest.mark.parametrize(
    ("options", "venue", "code"),
    [
        (LaunchOptions(version=1, bundle=Path("folder")), "paper", ReasonCode.CONFIG_INVALID),
        (LaunchOptions(version=1), "spot", ReasonCode.PAPER_ONLY),
    ],
)
def test_a_study_is_of_one_model_and_on_paper(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: LaunchOptions, venue: str, code: ReasonCode
) -> None:
    monkeypatch.setattr("trading.live.launch.find_venue", lambda _name: PAPER)
    settings = SevengatesSettings.model_validate({"runtime": {"home": str(tmp_path)}, "live": {"venue": venue}})
    with pytest.raises(SevengatesError) as caught, open_launch(settings, options):
        pass
    assert caught.value.code is code


def test_a_damaged_local_copy_is_downloaded_again(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    put_into_production(registry, ledger, log(1))
    asked(registry, tmp_path)
    (tmp_path / POINTER_NAME).unlink()
    flip_bit(next((tmp_path / "bundles").iterdir()) / "weights.safetensors")
    assert asked(registry, tmp_path).code is ReasonCode.OK


def test_a_server_that_does_not_answer_is_reported_and_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    report = watch_child.ask_registry(RegistryClient("http://127.0.0.1:9"), NAME, tmp_path)
    assert (report.code, report.fatal) == (ReasonCode.REGISTRY_UNREACHABLE, False)


def test_a_runner_trades_what_the_child_found_in_the_registry(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    put_into_production(registry, ledger, log(1))
    out, bars = tmp_path / "live", small_bars(20)
    trouble: list[str] = []
    environment = {TRACKING_URI_VARIABLE: registry.tracking_uri}
    with ModelWatch(watch_command(NAME, out, 0.1), out, environment) as watch:
        watch.wait_for_model(60.0, lambda code, message: trouble.append(f"{code}: {message}"))
        with closing(Journal(out / "journal.db")) as journal:
            open_runner(journal, watch, start_ms=int(bars.ts[200])).run(replay_of(bars))
    status = status_of(out / "journal.db")
    assert status is not None
    assert (status.version, status.refusals, trouble) == (1, 0, [])
    assert status.ledger_sha256 == run_backtest(small_model(1), bars, 200).ledger_sha256


def test_the_trading_process_has_no_mlflow_while_its_child_has(root: Path, tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from trading.live.watch.watch import ModelWatch, watch_command;"
        f"out = Path({str(tmp_path)!r});"
        "watch = ModelWatch(watch_command('m', out, 1.0), out, {'MLFLOW_TRACKING_URI': 'sqlite:///none.db'});"
        "watch.__enter__();"
        "watch.supervise(print); watch.__exit__(None, None, None); assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
