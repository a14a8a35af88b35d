"""`cs-workbook inspect`: what an analyst has, and the sources file to start from."""
