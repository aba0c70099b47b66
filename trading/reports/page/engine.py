"""The engine: transitions and states of the regimes, and what any other engine holds."""

from __future__ import annotations

import math

import numpy as np

from trading.engines.regimes.naming import names_of
from trading.reports.page.data import PageData
from trading.reports.page.html import Html, LeftOut, element, joined, note, table
from trading.reports.page.numbers import NOTHING, label, plain

_Z90 = 1.6448536269514722


def engine(data: PageData) -> Html | LeftOut:
    """The transition matrix and a row a state of the regimes engine; of other engines their options and arrays.

    Args:
        data: of the page.
    """
    identity = data.spec.engine
    arrays = data.engine
    if identity.name == "regimes" and {"transmat", "means", "covars"} <= set(arrays):
        return joined([_transitions(data), _states(data)])
    options = [[label(name), plain(value)] for name, value in sorted(identity.options.items())]
    parts = [table(("option", "value"), options)] if options else [note("It has no options.")]
    parts += [
        table(("array", "shape", "values"), [(name, str(array.shape), _few(array)) for name, array in arrays.items()])
    ] if arrays else []  # fmt: skip
    return joined(parts)


def _transitions(data: PageData) -> Html:
    matrix, names = data.engine["transmat"], names_of(data.spec.engine.options)
    seen = {} if data.traded is None else data.traded.regime_bars
    rows = []
    for place, name in enumerate(names):
        cells: list[object] = []
        for share in matrix[place].tolist():
            error = _error(share, seen.get(name, 0))
            band = element("span", f"±{error:.2%}", class_="band") if math.isfinite(error) else ""
            tint = f"--share:{share:.3f}"
            cells.append(element("span", joined([f"{share:.2%}", " ", band]), class_="tint", style=tint))
        rows.append([f"from {name}", *cells])
    columns = ("", *(f"to {name}" for name in names))
    return joined(
        [
            table(columns, rows, numbers=range(1, len(columns)), caption="Probability of the next bar's regime"),
            note("±: 90 % error of a share of as many bars as the regime held before the test split.") if seen else "",
        ]
    )


def _states(data: PageData) -> Html:
    arrays = data.engine
    features = [str(name) for name in data.spec.engine.options.get("features", ())]
    means, covars, matrix = arrays["means"], arrays["covars"], arrays["transmat"]
    dof = arrays.get("dof")
    # The scale of Student's t is not its deviation, which may not even be there.
    spread, within = ("sd", "deviation") if dof is None else ("scale", "scale")
    market = None if data.traded is None else data.traded.market
    rows = []
    for place, name in enumerate(names_of(data.spec.engine.options)):
        stay = float(matrix[place, place])
        length = 1.0 / (1.0 - stay) if stay < 1.0 else math.inf
        share = NOTHING
        if market is not None and name in market.regimes:
            share = f"{float(np.mean(market.regime == market.regimes.index(name))):.1%}"
        deviations = np.sqrt(np.diagonal(covars[place]))
        cells = [
            f"{mean:+.2f} ({spread} {deviation:.2f})" for mean, deviation in zip(means[place], deviations, strict=True)
        ]
        tails = [] if dof is None else [f"{dof[place]:.1f}"]
        rows.append([name, f"{length:.1f}", share, *tails, *cells])
    heavy = () if dof is None else ("degrees of freedom",)
    columns = ("regime", "expected length, bars", "share of the test split", *heavy, *map(label, features))
    return joined(
        [
            table(columns, rows, numbers=range(1, len(columns)), caption="States"),
            note(f"Features in standard deviations of the training split: mean, and {within} within the state."),
        ]
    )


def _error(share: float, bars: int) -> float:
    return _Z90 * math.sqrt(share * (1.0 - share) / bars) if bars else math.nan


def _few(array: np.ndarray, most: int = 12) -> str:
    values = array.ravel()
    return plain([float(value) for value in values[:most]]) + (" …" if len(values) > most else "")
