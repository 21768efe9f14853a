"""Results in; HTML, PDF, XLSX and terminal tables out. No computing."""
