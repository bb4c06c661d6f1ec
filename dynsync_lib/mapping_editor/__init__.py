"""Field mappings looked at and changed: plain state, without a browser, and the workbook that carries it."""
