"""The analyses: pure functions, tables in, a frozen `Result` out. No words, no pixels, no files."""
