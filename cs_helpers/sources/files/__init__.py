"""Reads files as tables: text, workbooks, JSON, Parquet and process logs."""
