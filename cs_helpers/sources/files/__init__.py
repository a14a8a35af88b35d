"""Files as tables: text, workbooks, JSON and process logs."""
