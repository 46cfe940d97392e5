"""Reports: one examination as PDF pages; the only package that knows ReportLab."""
