"""A process whose results no setting of its user decides: of tests, and of what records the numbers they compare with.

Nothing heavier than the settings is imported here: a library reads the number of its threads when it is loaded.
"""

from __future__ import annotations

import os
from pathlib import Path

from trading.settings.environment import prepare
from trading.settings.loader import PREFIX

ROOT = Path(__file__).resolve().parents[1]
MARKET_DATA = "SEVENGATES_MARKET_DATA"
COMPILED = "SEVENGATES_COMPILED"


def isolate() -> None:
    """Take the user's settings out of the environment, and give the process the home folder of the tests.

    Where the market data and the compiled code lie is kept. The home folder stays from run to run for what is compiled.
    """
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in (MARKET_DATA, COMPILED)]:
        del os.environ[name]
    prepare(ROOT / "var" / "tests")
    # Child processes have other home folders, and compile nothing again.
    os.environ.setdefault(COMPILED, str(ROOT / "var" / "tests" / "compiled"))
