"""What people see: one story of a run, told as HTML, PDF, workbook and terminal tables. Nothing is computed here."""
