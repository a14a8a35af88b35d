"""The figures: a `Result` and the words in, a `Picture` with its message and alt text out."""
