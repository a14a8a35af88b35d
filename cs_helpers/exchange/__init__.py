"""Codings leave to coding tools and spreadsheets and come back."""
