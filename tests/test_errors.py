from __future__ import annotations

import pickle

import pytest

from trading.codes import ReasonCode
from trading.errors import SevengatesError, TrainingError, TransportError


def _kinds() -> list[type[SevengatesError]]:
    return [SevengatesError, *SevengatesError.__subclasses__()]


@pytest.mark.parametrize("kind", _kinds())
def test_an_error_travels_whole_between_our_own_processes(kind: type[SevengatesError]) -> None:
    error = kind(ReasonCode.NOT_FINITE, "size is NaN.", remedy="Look at the equity.", limit=0.4)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes, as multiprocessing makes them
    assert type(again) is kind
    assert again.as_json() == error.as_json()


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    codes = [kind.exit_code for kind in _kinds()]
    assert len(set(codes)) == len(codes)


def test_only_a_peer_that_did_not_answer_is_worth_a_retry() -> None:
    assert [kind for kind in _kinds() if kind.retryable] == [TransportError]


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = TrainingError(ReasonCode.HMM_DEGENERATE, "no start was usable.", remedy="Use more history.")
    assert str(error) == "HMM_DEGENERATE: no start was usable. Use more history."
