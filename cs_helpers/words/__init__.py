"""Text processing of notes: tokens and terms, key words in context, and masking of names."""
