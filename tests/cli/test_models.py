from __future__ import annotations

from tests.cli.conftest import Run


def test_versions_that_are_not_there_are_not_compared(run: Run) -> None:
    result = run("models", "compare", "1", "2", "--json")
    assert result.code == 6
    assert result.json["error"]["code"] == "MODEL_UNKNOWN"
    assert result.json["error"]["fields"] == {"model_name": "sevengates-sim-1h", "version": 1}


def test_a_comparison_needs_two_versions_that_are_numbers(run: Run) -> None:
    for versions in (["1"], ["1", "two"]):
        result = run("models", "compare", *versions, "--json")
        assert result.code == 2
        assert result.json["error"]["code"] == "CONFIG_INVALID"
