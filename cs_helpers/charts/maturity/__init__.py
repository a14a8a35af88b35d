"""The figures of maturity: where customers stand, how they move, and what keeps them from the next level."""

from __future__ import annotations

from cs_helpers.charts.maturity.bands import flows as flows
from cs_helpers.charts.maturity.bridge import bridge as bridge
from cs_helpers.charts.maturity.distribution import by_quarter as by_quarter
from cs_helpers.charts.maturity.distribution import by_segment as by_segment
from cs_helpers.charts.maturity.distribution import standing as standing
from cs_helpers.charts.maturity.losses import falls as falls
from cs_helpers.charts.maturity.losses import lead_time as lead_time
from cs_helpers.charts.maturity.movement import long_run as long_run
from cs_helpers.charts.maturity.movement import transitions as transitions
from cs_helpers.charts.maturity.next_level import held_back as held_back
from cs_helpers.charts.maturity.time_at_level import sojourn as sojourn
