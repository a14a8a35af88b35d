"""The tables: a `Result` and the words in, a table of the page out, with all its rows."""
