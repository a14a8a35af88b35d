"""The tables: a `Result` and the words in, a great_tables table out."""
