"""What runners' journals say of a model: the champion's live record, and a challenger's own, traded as a study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trading.checks.evidence import LiveRecord
from trading.gates.live_consistency import LiveAnswer, live_answer
from trading.market.bars import Bars
from trading.model.bundle import Bundle
from trading.results import Number
from trading.settings.locations import locations
from trading.settings.models import GateSpec, RuntimeSpec, SevengatesSettings


def live_record_of(
    runtime: RuntimeSpec,
    gates: GateSpec,
    bundle_digest: str,
    market: Bars | None,
    backtest_se: float | None,
    *,
    until_ms: int | None,
    study: bool = False,
) -> LiveRecord | None:
    """The longest record that any runner's journal holds of a model, up to a moment.

    Args:
        runtime: where the journals are.
        gates: the share of a backtest that has to be kept.
        bundle_digest: of the model.
        market: its market's bars; a record of others is none. None believes the journals.
        backtest_se: standard error of the backtest's Sharpe ratio; None if it is not known.
        until_ms: bars that close later are not seen, UTC milliseconds; None sees all.
        study: count a bundle that was traded by its folder too; else only what traded as a registered version.
    """
    from trading.live.record import Promise, live_record
    from trading.live.status import journals

    promise = Promise(math.nan if backtest_se is None else backtest_se, gates.min_live_ratio)
    found = [
        live_record(journal, digest=bundle_digest, until_ms=until_ms, market=market, promise=promise)
        for journal in journals(locations(runtime).live)
    ]
    records = [record for record in found if record is not None and (study or record.version)]
    return max(records, key=lambda record: record.bars or 0, default=None)


def own_record_proves(settings: SevengatesSettings, bundle: Bundle) -> bool:
    """Whether a model's own record, as a version or as a study, proves a gain on the bars of the settings' source.

    Bars are read only if some journal knows the model.

    Args:
        settings: where the journals are, the source and the thresholds.
        bundle: of the model.

    Raises:
        DataError: if the bars breach the contract.
    """
    from trading.night.review import bars_of

    runtime, gates = settings.runtime, settings.gates
    if live_record_of(runtime, gates, bundle.digest, None, None, until_ms=None, study=True) is None:
        return False
    market, se = bars_of(settings, bundle, None), backtest_error(bundle.evidence)
    record = live_record_of(runtime, gates, bundle.digest, market, se, until_ms=None, study=True)
    return live_answer(record, gates.model_dump()) is LiveAnswer.PROVEN


def backtest_error(evidence: Mapping[str, Any]) -> float | None:
    """Standard error of the Sharpe ratio that a bundle's evidence shows; None if it does not say.

    Args:
        evidence: JSON of a bundle.
    """
    return finite(evidence.get("metrics", {}).get("sharpe_daily_se"))


def finite(value: Any) -> Number:
    """A finite number, or None; JSON keeps NaN and infinity as text.

    Args:
        value: of evidence or metrics.
    """
    try:
        number = math.nan if value is None else float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
