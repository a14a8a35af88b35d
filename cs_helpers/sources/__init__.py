"""Reads a company's own tables where they are, through Ibis, and maps them onto the contract."""
