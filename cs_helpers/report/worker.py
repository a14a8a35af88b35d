"""What a process that runs notebooks imports: named to multiprocessing, which does it once for all."""

from cs_helpers.report.run import prepare

prepare()
