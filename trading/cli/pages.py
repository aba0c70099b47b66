"""The documentation pages that are generated from the code, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from trading.codes import ReasonCode
from trading.settings.loader import RESERVED_VARIABLES, describe
from trading.settings.models import SevengatesSettings


def pages() -> dict[str, str]:
    """Every generated page by file name."""
    return {"configuration.md": configuration_page(), "codes.md": codes_page()}


def configuration_page() -> str:
    """Every setting with its type, bounds, default and meaning."""
    parts = [
        "# Configuration",
        "_Written by `make docs` from `trading/settings/models.py`._",
        "A setting comes from, the later winning: its default, `sevengates.toml`, a variable "
        "`SEVENGATES_<TABLE>__<KEY>`, and on the command line `--set table.key=value`. An unknown name is an "
        "error that says the nearest one. `sevengates config show` prints what resulted, secrets masked.",
        '```toml\n# sevengates.toml\n[market]\nsource = "csv:bars/{symbol}.csv"\nsymbols = ["BTCUSDT"]\n\n'
        "[gates]\nmin_sharpe = 1.5\n```",
        "```sh\nexport SEVENGATES_GATES__MIN_SHARPE=1.5        # a TOML value\n"
        "export SEVENGATES_MARKET__SYMBOLS=BTCUSDT,ETHUSDT   # a list may be written with commas\n```",
        "Three variables stand outside the tables:",
        _table(("variable", "meaning"), ((f"`{name}`", text) for name, text in RESERVED_VARIABLES.items())),
    ]
    for table, settings in groupby(describe(), key=lambda setting: setting.key.partition(".")[0]):
        parts.append(f"## `[{table}]`")
        parts.append(_first_paragraph(SevengatesSettings.model_fields[table].annotation))
        rows = (
            (f"`{setting.key.partition('.')[2]}`", setting.type, f"`{setting.default}`", setting.description)
            for setting in settings
        )
        parts.append(_table(("key", "type", "default", "meaning"), rows))
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
                _table(("code", "meaning"), ((f"`{code}`", code.meaning) for code in ReasonCode)),
            )
        )
        + "\n"
    )


def _first_paragraph(model: object) -> str:
    return (getattr(model, "__doc__", None) or "").partition("\n\n")[0].strip()


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
