"""Where the model came from: data, code, seeds and libraries."""

from __future__ import annotations

from trading.reports.page.data import PageData
from trading.reports.page.html import Html, LeftOut, element, joined, table


def origin(data: PageData) -> Html | LeftOut:
    """Lineage of the bundle.

    Args:
        data: of the page.
    """
    lineage = data.lineage
    digests = [
        ("bundle", data.bundle_digest),
        ("parent", lineage.parent_digest or "none: Production was empty"),
        ("code", lineage.code or "not recorded"),
        *sorted(lineage.data.items()),
    ]
    others = [
        *((f"seed of {name}", str(seed)) for name, seed in sorted(lineage.seeds.items())),
        *sorted(lineage.libraries.items()),
    ]
    return joined(
        [
            table(("what", "SHA-256"), [(name, element("code", digest)) for name, digest in digests]),
            table(("seed or library", "value"), others),
        ]
    )
