from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support import random_model
from trading.codes import ReasonCode
from trading.engines.table import open_engine
from trading.errors import RegistryError
from trading.model.model import model_from
from trading.seeds import seed_for


def test_a_model_is_its_spec_and_its_arrays() -> None:
    model = random_model(1)
    again = model_from(model.spec, model.arrays())
    assert again.spec == model.spec
    assert {name: array.tobytes() for name, array in again.arrays().items()} == {
        name: array.tobytes() for name, array in model.arrays().items()
    }


@pytest.mark.parametrize("name", sorted(random_model(1).arrays()))
@pytest.mark.parametrize("fault", ["nan", "shape", "type", "missing"])
def test_a_faulty_array_is_refused_by_name(name: str, fault: str) -> None:
    model = random_model(1)
    arrays: dict[str, Any] = {key: array.copy() for key, array in model.arrays().items()}
    if fault == "nan":
        arrays[name].flat[0] = np.nan
    elif fault == "shape":
        arrays[name] = arrays[name][None]
    elif fault == "type":
        arrays[name] = arrays[name].astype(np.float32)
    else:
        del arrays[name]
    with pytest.raises(RegistryError, match=name.removeprefix("engine.")) as error:
        # The shapes of the engine's arrays are the engine's own affair, looked at when it is opened.
        open_engine(model_from(model.spec, arrays))
    assert error.value.code is ReasonCode.BUNDLE_INVALID


def test_seeds_differ_by_path_and_never_by_accident() -> None:
    seeds = {seed_for(7, use, number) for use in ("policy", "regimes", "stress") for number in range(100)}
    assert len(seeds) == 300
    assert seed_for(7, "policy", 1) == seed_for(7, "policy", 1) != seed_for(8, "policy", 1)
