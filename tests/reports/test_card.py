from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.models import at_depth
from trading.model.bundle import Bundle
from trading.model.spec import ModelSpec
from trading.reports.assumptions import assumptions
from trading.reports.card import model_card

MakeBundle = Callable[..., Bundle]


def card_of(bundle: Bundle, **changes: object) -> str:
    evidence = {**bundle.evidence, **changes}
    splits = {
        "train": (1_600_000_000_000, 1_650_000_000_000, 13_888),
        "test": (1_660_000_000_000, 1_670_000_000_000, 2_777),
    }
    return model_card(bundle.model, bundle.lineage, evidence, bundle.gates, splits)


def assumptions_of(spec: ModelSpec) -> list[str]:
    return assumptions(spec)


def test_the_card_says_what_was_decided_on_what_data_and_by_which_rules(make_bundle: MakeBundle) -> None:
    bundle = make_bundle(1)
    card = card_of(bundle)
    assert card.startswith("# SIM 1h: APPROVED\n")
    assert "$" not in card
    for part in (
        "sim:edge=1",
        "| train | 2020-09-13T12:26+00:00",
        "13,888",
        "| win rate | 56.00% |",
        "| trades | 120 |",
    ):
        assert part in card
    assert all(sentence in card for sentence in assumptions_of(bundle.model.spec))
    assert all(gate["name"] in card for gate in bundle.gates["gates"])
    assert bundle.lineage.code in card


def test_a_rejected_card_names_the_gates_that_failed(make_bundle: MakeBundle) -> None:
    card = card_of(make_bundle(1, sharpe=0.5))
    assert card.startswith("# SIM 1h: REJECTED\n")
    assert "1 of 7 gates failed (performance)" in card


def test_a_card_without_a_live_record_says_paper_only(make_bundle: MakeBundle) -> None:
    card = card_of(make_bundle(1, live=False))
    assert card.startswith("# SIM 1h: APPROVED, for paper trading only\n")
    assert "No live record exists yet" in card


def test_a_number_that_was_not_measured_is_said_to_be_missing(make_bundle: MakeBundle) -> None:
    card = card_of(make_bundle(1), metrics={"sharpe": None, "profit_factor": "Infinity"})
    assert "| sharpe | not measured |" in card
    assert "| profit factor | Infinity |" in card


def test_the_same_night_gives_the_same_card(make_bundle: MakeBundle) -> None:
    assert card_of(make_bundle(1)) == card_of(make_bundle(1))


def test_a_source_cannot_break_out_of_its_table(make_bundle: MakeBundle) -> None:
    bundle = make_bundle(1)
    lineage = bundle.lineage.model_copy(update={"source": "a|b`c"})
    assert "| source | `a/b'c` |" in model_card(bundle.model, lineage, bundle.evidence, bundle.gates)


@pytest.mark.parametrize(("latency", "text"), [(0, "the next bar's open"), (2, "the open 3 bars later")])
def test_the_assumptions_state_the_latency(make_bundle: MakeBundle, latency: int, text: str) -> None:
    spec = make_bundle(1).model.spec
    costs = spec.costs.model_copy(update={"latency_bars": latency})
    assert text in assumptions_of(spec.changed(costs=costs))[0]


def test_the_card_says_how_deep_the_training_was_and_what_that_costs(make_bundle: MakeBundle) -> None:
    bundle = make_bundle(1)
    assert "Training depth: not noted." in card_of(bundle)
    shallow = at_depth(bundle.model, 0.7)
    card = model_card(shallow, bundle.lineage, bundle.evidence, bundle.gates)
    told = "shallow (1,000 of 4,000 bars of 1h); confidence counts 70%; full about 2022-01-01T00:00+00:00"
    assert f"Training depth: {told}." in card
    assert f"Training depth is {told}." in assumptions_of(shallow.spec)
    assert not [sentence for sentence in assumptions_of(bundle.model.spec) if "depth" in sentence]


def test_the_card_names_what_the_states_emit(make_bundle: MakeBundle) -> None:
    bundle = make_bundle(1)
    assert "Gaussian hidden Markov model over" in card_of(bundle)
    engine = bundle.model.spec.engine.model_dump()
    spec = bundle.model.spec.changed(engine={**engine, "options": {**engine["options"], "emissions": "student"}})
    heavy = replace(bundle.model, spec=spec)
    assert "Student-t hidden Markov model over" in model_card(heavy, bundle.lineage, bundle.evidence, bundle.gates)
