"""Checks of whole tables: filters, total rows, refused rows, ambiguous formats, and questions to a person."""
