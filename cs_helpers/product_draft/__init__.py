"""`cs-workbook new-product`: a first product file, drafted from the data."""
