"""Settings table ``[instrument]``: the units in which a market trades."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import NonNegativeFloat, PositiveFloat, Spec


class InstrumentSpec(Spec):
    """The units in which a market trades."""

    table: str = Field(
        default="",
        description="Path of the exchange's own table, the JSON of ccxt's `markets`; the other keys of this table are "
        "then not used. Empty: the keys below.",
    )
    tick: PositiveFloat = Field(default=1e-8, description="Smallest price step, quote currency.")
    lot: PositiveFloat = Field(default=1e-6, description="Smallest quantity, contracts.")
    contract_size: PositiveFloat = Field(default=1.0, description="Units of the asset in a contract.")
    min_notional: NonNegativeFloat = Field(default=0.0, description="Smallest entry, quote currency.")
