"""Export codings to coding tools and spreadsheets, and import them again."""
