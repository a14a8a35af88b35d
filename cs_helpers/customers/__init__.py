"""Customers, their segments and their measures: what all analyses share."""
