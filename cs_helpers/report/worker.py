"""What a process that runs notebooks imports: named to multiprocessing, which does it once for all."""

import gc

from cs_helpers.report.run import prepare
from cs_helpers.report.zygote import GARBAGE

prepare()
gc.freeze()  # a collection in a worker would copy every page it looks at
gc.set_threshold(GARBAGE)
