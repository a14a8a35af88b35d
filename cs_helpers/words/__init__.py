"""The words of notes: split into tokens, found again in their context, and masked where names stand in them."""
