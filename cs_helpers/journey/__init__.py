"""The journey of a product's customers: who reached which step when, who waits, and what they used meanwhile."""
