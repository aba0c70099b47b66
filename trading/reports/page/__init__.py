"""The evaluation page: everything that is known of one candidate, as one HTML file that opens without a network."""

from __future__ import annotations

from trading.reports.page.data import DriftView, Market, PageData, Path, Rival, Traded, Training
from trading.reports.page.page import DrawnPage, draw_page

__all__ = ["DrawnPage", "DriftView", "Market", "PageData", "Path", "Rival", "Traded", "Training", "draw_page"]
