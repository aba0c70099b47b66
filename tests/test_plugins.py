"""What other packages add by entry point: found by name, imported when named, and refused when broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.plugins import installed
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.plugins import load_plugin, plugin_names

GROUP = "sevengates.tests"


def test_a_group_without_packages_offers_nothing() -> None:
    assert plugin_names(GROUP) == ()
    assert load_plugin(GROUP, "anything") is None


def test_names_are_listed_without_importing_and_a_plugin_is_imported_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "offered_values.py").write_text("SEVEN = 7\n")
    installed(tmp_path, "some-package", {GROUP: {"seven": "offered_values:SEVEN", "broken": "not_there:X"}})
    monkeypatch.syspath_prepend(tmp_path)
    assert plugin_names(GROUP) == ("broken", "seven")
    assert "offered_values" not in sys.modules
    assert load_plugin(GROUP, "seven") == 7
    assert load_plugin(GROUP, "eight") is None
    monkeypatch.delitem(sys.modules, "offered_values")


@pytest.mark.parametrize(
    ("module", "value", "said"),
    [
        (None, "not_there:X", "ModuleNotFoundError"),
        ("raise RuntimeError('no licence')", "faulty:X", "RuntimeError: no licence"),
        ("def f(:", "faulty:X", "SyntaxError"),
        ("", "faulty:X", "AttributeError"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_refused_by_name_package_and_cause(
    module: str | None, value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if module is not None:
        (tmp_path / "faulty.py").write_text(module)
    installed(tmp_path, "some-package", {GROUP: {"thing": value}}, version="1.2")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_plugin(GROUP, "thing")
    sys.modules.pop("faulty", None)
    assert caught.value.code == ReasonCode.PLUGIN_INVALID
    assert f"entry point 'thing' in {GROUP} of some-package 1.2" in caught.value.message
    assert said in caught.value.message
    assert caught.value.fields == {"group": GROUP, "plugin": "thing"}


def test_a_name_that_two_packages_offer_is_refused_with_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("one-package", "other-package"):
        monkeypatch.syspath_prepend(installed(tmp_path / package, package, {GROUP: {"thing": "math:pi"}}))
    with pytest.raises(ConfigError, match=r"one-package 0\.1\.0, other-package 0\.1\.0") as caught:
        load_plugin(GROUP, "thing")
    assert caught.value.code == ReasonCode.PLUGIN_INVALID
