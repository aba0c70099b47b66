"""The whole page: complete, alone, the same every time, and honest about what it cannot show."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import Any

import numpy as np

from trading.checks.evidence import Evidence
from trading.reports.page import DrawnPage, PageData, Training, draw_page
from trading.reports.page.page import SECTIONS
from trading.reports.page.stress import fan


def test_every_section_is_drawn_where_everything_is_known(page: DrawnPage, reader: Any) -> None:
    assert set(page.left_out) <= {"Further evidence"}
    found = reader(page.html)
    assert {section.anchor for section in SECTIONS} <= set(found.ids)
    assert page.html.count("<svg ") == 8


def test_the_page_loads_nothing_and_runs_nothing(page: DrawnPage, reader: Any) -> None:
    found = reader(page.html)
    assert found.links
    assert all(link.startswith("#") for link in found.links)
    assert not found.names & {"script", "link", "iframe", "object", "embed", "base", "form", "img", "image"}
    assert not re.findall(r"@import|url\((?!#)", page.html)
    assert "default-src 'none'" in page.html


def test_identifiers_are_unique_and_every_reference_has_its_own(page: DrawnPage, reader: Any) -> None:
    found = reader(page.html)
    assert len(found.ids) == len(set(found.ids))
    used = {link[1:] for link in found.links} | set(re.findall(r"url\(#([^)]+)\)", page.html))
    assert used <= set(found.ids)


def test_the_same_data_gives_the_same_bytes_in_any_thread_and_they_are_few(
    page: DrawnPage, page_data: PageData
) -> None:
    again: list[str] = []
    threads = [threading.Thread(target=lambda: again.append(draw_page(page_data).html)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert again == [page.html, page.html]
    assert len(page.html.encode()) < 2_000_000


def test_every_rule_of_every_gate_is_there_with_its_number_and_its_limit(
    page: DrawnPage, page_data: PageData, reader: Any
) -> None:
    words = reader(page.html).words
    for row in page_data.verdict.rows():
        assert row.rule.replace("_", " ") in words
        assert row.observed in words


def test_every_metric_of_the_evidence_is_there(page: DrawnPage, page_data: PageData, reader: Any) -> None:
    words = " ".join(reader(page.html).words)
    names = [name for name in page_data.evidence.metrics if not re.match(r"(long|short|regime_\w+)_", name)]
    assert names
    assert [name for name in names if name.replace("_", " ") not in words] == []


def test_text_from_outside_is_never_html(page_data: PageData) -> None:
    def evil(place: str) -> str:
        return f"<script>{place}</script>\"'&"

    drawn = draw_page(
        replace(
            page_data,
            name=evil("name"),
            fate=evil("fate"),
            evidence=with_section(
                page_data.evidence, {evil("key"): {evil("inner"): [evil("leaf"), {"x": evil("cell")}]}}
            ),
            lineage=page_data.lineage.model_copy(
                update={"source": evil("source"), "libraries": {evil("library"): evil("release")}}
            ),
            training=Training(fit={evil("fit"): 1}, policy=policies(evil("policy"))),
            why_no_training=evil("why"),
            verdict=spoiled_verdict(page_data, evil("rule")),
        )
    )
    assert "<script" not in drawn.html
    places = ["name", "fate", "key", "inner", "leaf", "cell", "source", "library", "release", "fit", "policy", "rule"]
    assert [
        place for place in places if f"&lt;script&gt;{place}&lt;/script&gt;&quot;&#x27;&amp;" not in drawn.html
    ] == []


def test_numbers_that_this_release_computes_otherwise_are_told_apart(page_data: PageData, page: DrawnPage) -> None:
    assert page_data.traded is not None
    assert page_data.traded.differing == ()
    assert 'class="warning"' not in page.html
    other = draw_page(replace(page_data, traded=replace(page_data.traded, differing=("sharpe",)))).html
    assert "The pictures do not show what the gates judged" in other


def test_a_bundle_without_bars_says_why_and_shows_its_evidence(page_data: PageData, reader: Any) -> None:
    drawn = draw_page(replace(page_data, traded=None, why_not_traded="The bars are gone."))
    assert drawn.left_out["Equity"] == "The bars are gone."
    assert {"Trades on the price", "Exposure", "Monthly returns"} <= set(drawn.left_out)
    assert not {"What each gate asked and found", "Metrics and their errors", "Stress scenarios"} & set(drawn.left_out)
    assert "Not shown. The bars are gone." in " ".join("".join(reader(drawn.html).words).split("\n"))


def test_a_section_that_nobody_draws_is_shown_as_a_table(page_data: PageData, reader: Any) -> None:
    section = {"psr0": 0.971, "trials": 12, "per_side": {"long": {"n": 3}, "short": {"n": 4}}}
    drawn = draw_page(replace(page_data, evidence=with_section(page_data.evidence, section)))
    words = reader(drawn.html).words
    assert {"planted", "psr0", "0.971", "per side", "long"} <= set(words)
    assert "Further evidence" not in drawn.left_out


def test_several_paths_a_scenario_are_drawn_as_a_fan(page_data: PageData) -> None:
    assert page_data.traded is not None
    paths = {name: [one * (1.0 + 0.01 * step) for step in range(16) for one in kept[:1]]
             for name, kept in page_data.traded.scenarios.items()}  # fmt: skip
    html = draw_page(replace(page_data, traded=replace(page_data.traded, scenarios=paths))).html
    assert "the middle of 16 paths a scenario" in html
    low, middle, high = fan([np.full(3, float(value)) for value in range(11)])
    assert (low[0], middle[0], high[0]) == (1.0, 5.0, 9.0)


def test_a_model_that_never_traded_has_a_page(page_data: PageData) -> None:
    assert page_data.traded is not None
    drawn = draw_page(replace(page_data, traded=replace(page_data.traded, trades=[])))
    assert drawn.left_out["Exposure"] == "There is no trade, so nothing was ever exposed."


def with_section(evidence: Evidence, section: dict[str, Any]) -> Evidence:
    return evidence.model_copy(update={"checks": {**evidence.checks, "planted": section}})


def policies(name: str) -> dict[str, Any]:
    return {"chosen": name, "policies": [{"name": name, "seed": 1, "validation_score": "-inf", "curve": []}]}


def spoiled_verdict(data: PageData, words: str) -> Any:
    gate = data.verdict.gates[0]
    rule = gate.rules[0].model_copy(update={"message": words, "remedy": words, "name": words})
    spoiled = gate.model_copy(update={"rules": (rule, *gate.rules[1:])})
    return data.verdict.model_copy(update={"gates": (spoiled, *data.verdict.gates[1:])})
