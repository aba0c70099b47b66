"""Every option that takes a moment reads it in the same way and refuses it in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.live.support import write_model
from tests.support import random_model

BUNDLE = "the bundle"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("data", "check"), "--as-of"),
        (("nightly",), "--as-of"),
        (("train",), "--as-of"),
        (("backtest", "--bundle", BUNDLE), "--as-of"),
        (("backtest", "--bundle", BUNDLE), "--from"),
        (("live", "--bundle", BUNDLE), "--from"),
        (("live", "--bundle", BUNDLE), "--to"),
    ],
)
def test_what_is_no_moment_is_refused_by_the_name_of_its_option(
    command: tuple[str, ...], option: str, run: Run, tmp_path: Path
) -> None:
    if BUNDLE in command:
        folder = str(write_model(tmp_path / "b", random_model(4)).folder)
        command = tuple(folder if part == BUNDLE else part for part in command)
    for text, why in (("tomorrow", "is not a date or time"), ("1970-01-02", "is not between the years 1980 and 2099")):
        printed = run(*command, option, text)
        assert printed.code == 2
        assert printed.err.splitlines()[0] == f"CONFIG_INVALID: {option} {text!r} {why}."


def test_a_replay_and_a_backtest_begin_at_the_same_moment_however_it_is_written(run: Run, tmp_path: Path) -> None:
    bundle = str(write_model(tmp_path / "b", random_model(4)).folder)
    source = ("--source", "sim:edge=1", "--json")
    found: set[tuple[str, int]] = set()
    for number, start in enumerate(("2021-01-11", "2021-01-11T01:00+01:00", "1610323200")):
        tested = run("backtest", "--bundle", bundle, "--from", start, "--as-of", "2021-01-25", *source).json
        journal = ("--journal", str(tmp_path / f"{number}.db"))
        traded = run("live", "--bundle", bundle, "--from", start, "--to", "2021-01-25", *journal, *source).json
        assert traded["ledger_sha256"] == tested["ledger_sha256"]
        found.add((tested["first"], traded["bars"]))
    assert found == {("2021-01-11 00:00 UTC", 336)}
