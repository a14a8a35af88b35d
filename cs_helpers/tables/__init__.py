"""The tables of pages: a `Result` and the texts of a language in, a `Listing` out."""
