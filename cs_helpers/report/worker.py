"""Imports of a worker process: multiprocessing's fork server imports this module once for all workers."""

import gc

gc.disable()  # imports create hardly any garbage

from cs_helpers.report.run import prepare_worker  # noqa: E402
from cs_helpers.report.zygote import GC_THRESHOLD  # noqa: E402

prepare_worker()
gc.freeze()  # a collection in a worker would write to, and so copy, every shared page
gc.set_threshold(GC_THRESHOLD)
gc.enable()
