"""The figures of maturity: where customers stand, how they move, and what keeps them from the next level."""

from __future__ import annotations

from cs_helpers.charts.maturity.distribution import by_quarter as by_quarter
from cs_helpers.charts.maturity.distribution import by_size as by_size
from cs_helpers.charts.maturity.movement import falls as falls
from cs_helpers.charts.maturity.movement import transitions as transitions
from cs_helpers.charts.maturity.next_level import held_back as held_back
