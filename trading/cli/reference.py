"""The reference pages of the documentation, written from the code: every setting and every reason code."""

from __future__ import annotations

from itertools import groupby

from trading.codes import ReasonCode
from trading.markdown import table
from trading.settings.loader import RESERVED_VARIABLES, describe
from trading.settings.models import SevengatesSettings


def reference_pages() -> dict[str, str]:
    """Every generated page by file name."""
    return {"configuration.md": configuration_page(), "codes.md": codes_page()}


def configuration_page() -> str:
    """Every setting with its type, bounds, default and meaning."""
    parts = [
        "# Configuration",
        "_Written by `make docs` from `trading/settings/models/`._",
        "A setting comes from, the later winning: its default, `sevengates.toml`, a variable "
        "`SEVENGATES_<TABLE>__<KEY>`, and on the command line `--set table.key=value`. An unknown name is an "
        "error that says the nearest one. `sevengates config show` prints what resulted, secrets masked.",
        '```toml\n# sevengates.toml\n[market]\nsource = "csv:bars/{symbol}.csv"\nsymbols = ["BTCUSDT"]\n\n'
        "[gates]\nmin_sharpe = 1.5\n```",
        "```sh\nexport SEVENGATES_GATES__MIN_SHARPE=1.5        # a TOML value\n"
        "export SEVENGATES_MARKET__SYMBOLS=BTCUSDT,ETHUSDT   # a list may be written with commas\n```",
        "Three variables stand outside the tables:",
        table(("variable", "meaning"), ((f"`{name}`", text) for name, text in RESERVED_VARIABLES.items())),
    ]
    for name, settings in groupby(describe(), key=lambda setting: setting.key.partition(".")[0]):
        parts.append(f"## `[{name}]`")
        parts.append(_first_paragraph(SevengatesSettings.model_fields[name].annotation))
        rows = (
            (f"`{setting.key.partition('.')[2]}`", setting.type, f"`{setting.default}`", setting.description)
            for setting in settings
        )
        parts.append(table(("key", "type", "default", "meaning"), rows))
    return "\n\n".join(parts) + "\n"


def codes_page() -> str:
    """Every reason for a refusal."""
    return (
        "\n\n".join(
            (
                "# Reason codes",
                "_Written by `make docs` from `trading/codes.py`._",
                "Every refusal of the platform, in a check, a gate, an order or an error, has one of these codes. A "
                "code keeps its meaning; the message beside it names the values.",
                table(("code", "meaning"), ((f"`{code}`", code.meaning) for code in ReasonCode)),
            )
        )
        + "\n"
    )


def _first_paragraph(model: object) -> str:
    return (getattr(model, "__doc__", None) or "").partition("\n\n")[0].strip()
