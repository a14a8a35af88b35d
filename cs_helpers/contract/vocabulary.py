"""The values that the contract allows in its columns, and the types of columns."""

from __future__ import annotations

from types import MappingProxyType

#: the default classes of company size, smallest first
SIZES = ("small", "mid", "enterprise")
#: the segment of customers whose value is unknown: never dropped, never compared
UNKNOWN = "unknown"
#: columns of accounts that describe a customer; empty values in them are reported
DESCRIPTIVE_COLUMNS = ("name", "size", "industry", "motivation", "literacy")
TOUCH_MODELS = ("high", "low", "tech", "community")
EVIDENCE = ("behaviour", "words", "inference")
VIEWPOINTS = ("problem", "solution", "proposal", "behaviour", "request")
POLARITIES = ("positive", "negative", "neutral")
WHY_LEVELS = ("what", "why", "core", "expectation")
REASONS = ("benefit", "timing", "guidance", "bias")
REASON_STATUSES = ("open", "supported", "refuted")

#: what a hand-over may say of a customer, in the order of a hand-over sheet
HANDOVER_FIELDS = (
    "problem", "promised", "expected_outcome", "expectation", "deadline", "decision_maker", "stakeholders",
)  # fmt: skip
#: what has become of a request to the product; `exists`: the product does it already
REQUEST_STATUSES = ("open", "considering", "planned", "declined", "released", "exists")
UNDECIDED_STATUSES = ("open", "considering")

#: what the last day of a contract is: the end of a paid term (may be renewed), of a notice, or of a cancelled
#: contract; the most final ending comes last
ENDINGS = ("term", "notice", "cancelled")

#: how mature an organisation is in a principle of customer success, lowest first; `none`: not even repeatable
PRINCIPLE_LEVELS = ("none", "repeatable", "defined", "measured", "optimised")
#: who rated a member of the team, by how they stand to each other
RATER_RELATIONS = ("self", "manager", "peer", "other")

#: the contract's type -> the dtype of such a column in a pandas frame of the snapshot
DTYPES = MappingProxyType(
    {
        "text": "str",
        "integer": "Int64",
        "number": "Float64",
        "date": "datetime64[us]",
        "time": "datetime64[us]",
        "flag": "boolean",
    }
)
#: roles of coders, interviewers and of who hands a customer over; any other text in their columns may be a person's name
ROLES = (
    "cs", "marketing", "inside_sales", "field_sales", "sales", "partner", "product", "support", "development", "management",
)  # fmt: skip
