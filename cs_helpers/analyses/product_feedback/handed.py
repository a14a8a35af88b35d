"""Which themes of interviews have been handed to the product, and which companies stand behind those that have not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.asked import Asked
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.readings import one_reading
from cs_helpers.snapshot import ProductData

#: the interviews of this many quarters are read, as in the report on interviews
INTERVIEW_QUARTERS = 4
#: the viewpoints that are of concern to the product: what it could solve, and what is asked of it
VIEWPOINTS = ("request", "solution")

#: no request has the theme; some have it, but companies that told it do not stand with them; all do
NO_REQUEST, NOT_LINKED, HANDED = "no_request", "not_linked", "handed"


def told_themes(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """What companies asked for, or what the product can solve for them, in interviews: one row a company, theme and viewpoint.

    Columns: account_id, code, viewpoint, held_on (latest). Each note by the reading of one coder; guesses (`inference`) do
    not count.
    """
    interviews, notes = data["interviews"], data["notes"]
    start, end = pd.Timestamp(quarter.back(INTERVIEW_QUARTERS - 1).start), pd.Timestamp(quarter.end)
    held = interviews[interviews["held_on"].between(start, end)][["interview_id", "account_id", "held_on"]]
    said = notes.merge(held, on="interview_id")
    read = one_reading(data["codings"], said["note_id"])
    read = read[read["viewpoint"].isin(VIEWPOINTS) & read["code"].notna()]
    certain = said.loc[said["evidence"] != "inference", ["note_id", "account_id", "held_on"]]
    told = certain.merge(read[["note_id", "viewpoint", "code"]], on="note_id")
    return told.groupby(["account_id", "code", "viewpoint"], as_index=False)["held_on"].max()


def not_handed(told: pd.DataFrame, found: Asked) -> pd.DataFrame:
    """Themes that companies told in interviews, against the requests with that theme; what most MRR is missing of first.

    told: see `with_handed`.
    Columns: code, request, solution (companies that told it in each viewpoint), companies (in either), handed (of these, with a
    request of the theme in their name), missing (without), mrr (of those missing that are customers), requests (with the theme),
    state (`NO_REQUEST`, `NOT_LINKED`, `HANDED`).
    """
    viewpoints = {v: told["viewpoint"] == v for v in VIEWPOINTS}
    companies = told.drop_duplicates(["code", "account_id"])
    missing = ~companies["is_handed"]
    mrr = companies["account_id"].map(found.customers["mrr"]).where(missing)
    by_code = companies.assign(missing=missing, mrr=mrr.astype("float64")).groupby("code", sort=True)
    table = by_code.agg(
        companies=("is_handed", "size"), handed=("is_handed", "sum"), missing=("missing", "sum"), mrr=("mrr", "sum")
    )  # fmt: skip
    for viewpoint, is_told in viewpoints.items():
        table[viewpoint] = is_told.groupby(told["code"]).sum()
    requests = found.requests["code"].value_counts().reindex(table.index, fill_value=0)
    table["requests"] = requests
    rank = np.select([requests == 0, table["missing"] > 0], [0, 1], 2)
    table = table.assign(rank=rank, state=np.array([NO_REQUEST, NOT_LINKED, HANDED], dtype=object)[rank])
    if not found.time.by_contracts:
        table["mrr"] = np.nan
    order = ["rank", "missing", "mrr", "code"]
    table = table.reset_index().sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return table[["code", *VIEWPOINTS, "companies", "handed", "missing", "mrr", "requests", "state"]]


def not_handed_companies(told: pd.DataFrame, found: Asked, accounts: pd.DataFrame) -> pd.DataFrame:
    """The companies that told a theme and have no request of it in their name, by theme.

    Columns: code, account_id, name, csm, viewpoint (`request` where the company asked itself), held_on, mrr (NaN: no customer),
    requests (with the theme, to which the company can be added; 0: one has to be written).
    """
    rows = told[~told["is_handed"]].sort_values("viewpoint").drop_duplicates(["account_id", "code"])
    count = found.requests["code"].value_counts()
    rows = rows.merge(accounts[["account_id", "name", "csm"]], on="account_id", how="left").assign(
        mrr=lambda t: t["account_id"].map(found.customers["mrr"]).astype("float64"),
        requests=lambda t: t["code"].map(count).fillna(0).astype(int),
    )
    columns = ["code", "account_id", "name", "csm", "viewpoint", "held_on", "mrr", "requests"]
    order = ["requests", "mrr", "code", "account_id"]
    return rows[columns].sort_values(order, ascending=[True, False, True, True], ignore_index=True)


def with_handed(told: pd.DataFrame, found: Asked) -> pd.DataFrame:
    """The rows of `told_themes` with is_handed: whether the company asked for any request of the theme."""
    asked = found.asked.merge(found.requests[["request_id", "code"]], on="request_id")
    pairs = set(zip(asked["account_id"], asked["code"], strict=True))
    is_handed = [pair in pairs for pair in zip(told["account_id"], told["code"], strict=True)]
    return told.assign(is_handed=np.array(is_handed, dtype=bool))
