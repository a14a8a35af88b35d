"""What a process that runs notebooks imports: named to multiprocessing, which does it once for all."""

import gc

gc.disable()  # imports make no garbage worth looking for

from cs_helpers.report.run import prepare  # noqa: E402
from cs_helpers.report.zygote import GARBAGE  # noqa: E402

prepare()
gc.freeze()  # a collection in a worker would copy every page it looks at
gc.set_threshold(GARBAGE)
gc.enable()
