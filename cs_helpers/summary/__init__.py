"""What leadership needs to know of one product: headline numbers, changes, decisions, and what is not known."""
