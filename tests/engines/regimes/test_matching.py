from __future__ import annotations

from dataclasses import replace

from tests.support import random_model
from trading.engines.regimes.matching import match_regimes


def test_a_model_with_shuffled_states_is_matched_to_the_champion() -> None:
    champion = random_model(1)
    shuffled = replace(champion, engine={**champion.engine, "means": champion.engine["means"][[1, 0, 2]]})
    report = match_regimes(shuffled, champion)
    assert report["mapping"] == {"bull": "bear", "bear": "bull", "chop": "chop"}
    assert not report["names_agree"]
    assert max(report["distance"].values()) < 1e-9


def test_the_units_of_either_scaler_do_not_matter() -> None:
    champion = random_model(1)
    means = champion.engine["means"]
    other = replace(
        champion,
        scaler_mean=champion.scaler_mean + 1.0,
        engine={**champion.engine, "means": means - 1.0 / champion.scaler_deviation[[9, 4, 11]]},
    )
    assert match_regimes(other, champion)["names_agree"]
    assert max(match_regimes(other, champion)["distance"].values()) < 1e-9


def test_models_of_other_engines_or_other_features_are_not_compared() -> None:
    model = random_model(1)
    average = model.spec.engine.model_copy(update={"name": "moving_average"})
    other = replace(model, spec=model.spec.model_copy(update={"engine": average}))
    assert match_regimes(other, model)["mapping"] == {}
    options = {**model.spec.engine.options, "features": ["trend_slow"]}
    narrow = replace(model, spec=model.spec.changed(engine={**model.spec.engine.model_dump(), "options": options}))
    assert match_regimes(narrow, model)["reason"] == "other regime features"
    fewer = replace(model, engine={**model.engine, "means": model.engine["means"][:2]})
    assert match_regimes(fewer, model)["reason"] == "another number of states"
