"""The tables: a `Result` and the words in, a table of great_tables out, with all its rows."""
