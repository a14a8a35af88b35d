"""What a product file says of money: its currency, exchange rates, kinds of costs, and terms of lifetime value."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from cs_helpers.contract.product_parts import SettingsModel

if TYPE_CHECKING:  # a batch with nothing to do reads product files, and pandas takes 0.3 s to import
    import pandas as pd

CostKind = Literal[
    "cost_of_goods", "sales_and_marketing", "general_and_administrative", "research_and_development"
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class ExchangeRate(SettingsModel):
    """The price of one unit of a currency in the product's own currency, as of a day."""

    rate: float = Field(gt=0, allow_inf_nan=False)
    on: date


class RevenueRules(SettingsModel):
    """The currency of a product's pages, and what its revenue is set against.

    currency: ISO 4217; if missing, that of the contracts. Amounts in another currency are converted by its rate in
    `exchange_rates`; without one they are left apart and never added. costs: the kind of cost of each category in the
    table costs. term_months: the months between two decisions to renew (sBG). horizon_months: over which a lifetime
    value is added up; discount_rate: a year, of amounts that lie ahead.
    """

    currency: Currency | None = None
    exchange_rates: dict[Currency, ExchangeRate] = Field(default_factory=dict)
    costs: dict[CostKind, tuple[str, ...]] = Field(default_factory=dict)
    term_months: int = Field(default=12, ge=1, le=120, strict=True)
    horizon_months: int = Field(default=60, ge=1, le=600, strict=True)
    discount_rate: float = Field(default=0.1, ge=0, lt=10)

    @model_validator(mode="after")
    def _rates_have_a_currency(self) -> RevenueRules:
        if self.exchange_rates and self.currency is None:
            raise ValueError("'exchange_rates' need 'currency', into which they convert")
        if self.currency in self.exchange_rates:
            raise ValueError(f"exchange_rates names {self.currency}, which is the product's own currency")
        return self

    @model_validator(mode="after")
    def _categories_have_one_kind(self) -> RevenueRules:
        named = [category for names in self.costs.values() for category in names]
        for category in named:
            if named.count(category) > 1:
                raise ValueError(f"costs names the category '{category}' twice")
        return self

    def main_currency(self, currencies: pd.Series) -> str:
        """The currency of the pages: the declared one, else the most frequent (the first by name); '' without rows."""
        if self.currency is not None:
            return self.currency
        counts = currencies.value_counts()
        return min(counts.index[counts == counts.max()], default="") if len(counts) else ""

    def converted(self, amounts: pd.Series, currencies: pd.Series, main: str) -> pd.Series:
        """Amounts in the currency `main` of the pages; missing where their currency has no rate."""
        if (currencies == main).all():
            return amounts
        rates = {main: 1.0} | {currency: rate.rate for currency, rate in self.exchange_rates.items()}
        return amounts * currencies.map(rates).astype("Float64")

    def without_rate(self, currencies: pd.Series, main: str) -> pd.Series:
        """Whether each amount is in a currency that cannot be converted into `main`: bool."""
        return ~currencies.isin([main, *self.exchange_rates])
