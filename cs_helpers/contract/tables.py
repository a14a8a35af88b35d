"""The data contract: the tables with their columns, declared once.

Each table is a pandera schema whose columns carry a meaning (en, ja), a unit and an example. The
data dictionary, the checks in the engine and the types of the snapshot are derived from it. Required
are only `accounts` and one table of what an account did with which product; an analysis that needs
another table reports on its page what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cs_helpers.contract.customer_tables import CUSTOMER_TABLES
from cs_helpers.contract.schema import Table
from cs_helpers.contract.statement_tables import STATEMENT_TABLES
from cs_helpers.contract.team_tables import TEAM_TABLES

#: name -> table, parents before their children
TABLES: Mapping[str, Table] = MappingProxyType(
    {t.name: t for t in (*CUSTOMER_TABLES, *STATEMENT_TABLES, *TEAM_TABLES)}
)

#: the tables whose rows have an account and a product: without contracts they define the accounts of a product
ACCOUNT_TABLES = tuple(name for name, t in TABLES.items() if {"account_id", "product"} <= set(t.columns))
