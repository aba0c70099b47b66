"""What a night shows on Prefect's pages: the gate table, the comparison with the champion, the equity, the progress."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from trading.night.backfill import BackfilledNight, progress_line
from trading.night.pictures import equity_png
from trading.night.report import (
    NightReport,
    challenger_rows,
    comparison_rows,
    contest_rows,
    gate_rows,
    headline,
    markdown,
)
from trading.night.workspace import Night

SECONDS_BETWEEN_UPDATES = 2.0
MOST_IMAGE_BYTES = 90_000


def artifact_key(*parts: str) -> str:
    """A key that Prefect accepts: small letters, digits and dashes.

    Args:
        parts: what the key is made of.

    >>> artifact_key("gates", "BTC/USDT")
    'gates-btc-usdt'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


class TrainingProgress:
    """A progress bar over all policies of a symbol; at most one update every two seconds reaches the server.

    Args:
        symbol: the market.
        jobs: how many policies are trained.
    """

    def __init__(self, symbol: str, jobs: int) -> None:
        self._shares: dict[str, float] = {}
        self._jobs = jobs
        self._symbol = symbol
        self._artifact: UUID | None = None
        self._last = 0.0
        self._lock = threading.Lock()

    def __call__(self, job: str, share: float) -> None:
        with self._lock:
            self._shares[job] = share
            total = 100.0 * sum(self._shares.values()) / self._jobs
            if self._artifact is None:
                made = create_progress_artifact(
                    progress=total,
                    key=artifact_key("training", self._symbol),
                    description=f"{self._symbol}: {self._jobs} policies",
                )
                # Prefect's type covers the asynchronous call too; this one is not.
                self._artifact = cast("UUID", made)
            elif total < 100.0 and time.monotonic() - self._last < SECONDS_BETWEEN_UPDATES:
                return
            else:
                update_progress_artifact(self._artifact, progress=min(total, 100.0))
            get_run_logger().info("%s: training %.0f %%", self._symbol, min(total, 100.0))
            self._last = time.monotonic()


class BackfillProgress:
    """A progress bar over the nights of a backfill, and a line in its log for each that has ended.

    Args:
        count: of all nights.
    """

    def __init__(self, count: int) -> None:
        self.line = ""
        self._count = count
        made = create_progress_artifact(progress=0.0, key=artifact_key("backfill"), description=f"{count} nights")
        # Prefect's type covers the asynchronous call too; this one is not.
        self._artifact = cast("UUID", made)

    def __call__(self, nights: Sequence[BackfilledNight]) -> None:
        """Say how far it is.

        Args:
            nights: that have ended.
        """
        self.line = progress_line(len(nights), self._count, nights[-1])
        update_progress_artifact(self._artifact, progress=100.0 * len(nights) / self._count)
        get_run_logger().info(self.line)


def say(line: str) -> None:
    """A line in the log of the task that runs.

    Args:
        line: of the log.
    """
    get_run_logger().info(line)


def show_night(night: Night, report: NightReport) -> None:
    """The pages of one symbol's night: everything in words, the gates as a table, and the way to MLflow.

    Args:
        night: that ended.
        report: how.
    """
    shown = ""
    if report.outcome is not None:
        shown = image(equity_png(night.store, report.outcome), f"equity of {report.symbol} on the test split")
    create_markdown_artifact(
        markdown(report, shown), key=artifact_key("night", report.symbol), description=headline(report)
    )
    create_table_artifact(
        gate_rows(report), key=artifact_key("gates", report.symbol), description=f"{report.symbol}: the seven gates"
    )
    if report.outcome is not None:
        create_link_artifact(
            f"{night.mlflow_page}/#/models/{report.outcome.model_name}/versions/{report.outcome.version}",
            f"{report.outcome.model_name} version {report.outcome.version}",
            key=artifact_key("mlflow", report.symbol),
            description=f"{report.symbol}: the version in MLflow, with card, figures and files",
        )
    for page in report.pages:
        if page.link:
            create_link_artifact(
                page.link,
                f"evaluation of version {page.version}",
                key=artifact_key("evaluation", report.symbol, str(page.version)),
                description=f"{report.symbol}: the evaluation page of version {page.version}; the file is {page.place}",
            )
    if report.champion_metrics:
        create_table_artifact(
            comparison_rows(report),
            key=artifact_key("champion", report.symbol),
            description=f"{report.symbol}: candidate and champion on the same bars",
        )
    contest = contest_rows(report)
    if contest:
        create_table_artifact(
            contest,
            key=artifact_key("contest", report.symbol),
            description=f"{report.symbol}: what was needed to replace the champion, and what was found",
        )
    asked = challenger_rows(report)
    if asked:
        create_table_artifact(
            asked,
            key=artifact_key("challengers", report.symbol),
            description=f"{report.symbol}: approved versions of earlier nights that were asked in this one",
        )


def show_summary(name: str, reports: Sequence[NightReport]) -> None:
    """The page of the whole run.

    Args:
        name: what happened, in a word.
        reports: of every symbol.
    """
    lines = [f"# {name}", "", *(f"- {headline(report)}" for report in reports)]
    create_markdown_artifact("\n".join(lines), key="nightly", description=name)


def image(png: bytes, alternative: str) -> str:
    """A small picture inside markdown; one that is too large for a page is left out, and says so.

    Args:
        png: the picture.
        alternative: what it shows, in words.
    """
    if len(png) > MOST_IMAGE_BYTES:
        return f"*{alternative}: the picture has {len(png)} bytes, too many for this page; see MLflow.*"
    return f"![{alternative}](data:image/png;base64,{base64.b64encode(png).decode()})"
