"""Seven nights, run again: every number of them is the accepted one, to the last bit.

``make golden REASON="..."`` accepts other numbers. Another processor, another version of a library under the numbers,
or another number of CPU features that NumPy uses may turn a last digit; the files were made with the versions of
``constraints.txt``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden import NIGHTS, differences_of_night, of_market_data

pytestmark = pytest.mark.campaign


def test_there_are_seven_golden_nights() -> None:
    assert len(NIGHTS) == 7


@pytest.mark.parametrize("name", NIGHTS)
def test_a_night_has_its_accepted_numbers_to_the_last_bit(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue("market_data") if of_market_data(name) else None
    assert differences_of_night(name, tmp_path, folder) == {}
