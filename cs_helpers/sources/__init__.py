"""Reads a company's tables in their own engines, through Ibis, and maps them to the contract."""
