"""Results for leadership: pseudonyms instead of names, small counts suppressed, columns filtered by their disclosure."""
