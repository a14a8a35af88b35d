"""The words that the contract allows in a column, and its types."""

from __future__ import annotations

from types import MappingProxyType

#: sizes of companies where a sources file declares no classes of its own, smallest first
SIZES = ("small", "mid", "enterprise")
#: what a segment of a customer is called that is not known: never dropped, never compared
UNKNOWN = "unknown"
#: columns of accounts that say who a customer is: where one is given and empty, that is counted
DESCRIBING = ("name", "size", "industry", "motivation", "literacy")
TOUCH_MODELS = ("high", "low", "tech", "community")
EVIDENCE = ("behaviour", "words", "inference")
VIEWPOINTS = ("problem", "solution", "proposal", "behaviour", "request")
POLARITIES = ("positive", "negative", "neutral")
WHY_LEVELS = ("what", "why", "core", "expectation")
REASONS = ("benefit", "timing", "guidance", "bias")
REASON_STATUSES = ("open", "supported", "refuted")

#: what the last day of a contract is: that of a paid term, which may be renewed; of a notice; of a contract
#: that was cancelled. Those that are over for good come later
ENDINGS = ("term", "notice", "cancelled")

#: the contract's types, and what a column of each is in a pandas frame of the snapshot
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
#: roles of coders and interviewers; any other text in their columns may be anybody's name
ROLES = ("cs", "marketing", "inside_sales", "sales", "product", "support", "development", "management")
