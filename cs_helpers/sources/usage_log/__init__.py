"""The usage log, the one table that may be larger than memory: checked and reduced in its engine, cached by cell."""
