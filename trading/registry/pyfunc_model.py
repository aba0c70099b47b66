"""MLflow's way into a bundle: this file is logged as the model's code, so no pickle is needed to load one.

MLflow runs it when somebody calls ``mlflow.pyfunc.load_model("models:/NAME/Production")``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow.models
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from trading.market.bars import COLUMNS, FUNDING
from trading.model.bundle import Bundle, load_bundle
from trading.registry.serving import MAX_JUMP, bars_of, decisions


class BundleModel(PythonModel):
    """A bundle that answers for bars given as a table."""

    bundle: Bundle

    def load_context(self, context: Any) -> None:
        """Verify the bundle against the digest that was registered with it.

        Args:
            context: MLflow's: the folder of the artifact ``bundle``, and the digest in the model's configuration.
        """
        self.bundle = load_bundle(Path(context.artifacts["bundle"]), context.model_config["bundle_digest"])

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Decisions of :func:`trading.registry.serving.decisions` as a table, one row a bar.

        Args:
            context: its configuration names the largest jump from one bar to the next, if the night knew one;
                ``load_model(..., model_config={"max_jump": ...})`` sets another.
            model_input: columns ts (UTC milliseconds), open, high, low, close, volume, and funding if it is known;
                oldest first. The first bars warm the features: pass at least the model's slow look-back before the bar
                you ask for.
            params: not used.
        """
        model = self.bundle.model
        names = ("ts", *COLUMNS, *([FUNDING] if FUNDING in model_input else []))
        columns = {name: model_input[name].to_numpy() for name in names}
        bars = bars_of(model, columns, context.model_config.get(MAX_JUMP))
        return pd.DataFrame(decisions(model, bars))


mlflow.models.set_model(BundleModel())
