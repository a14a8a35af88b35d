"""The usage log, the one table that may be larger than memory: checked, reduced where it lies, and kept by cell."""
