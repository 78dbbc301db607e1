"""The report: one content model, built by a few queries, rendered as HTML, PDF, mail, CSV and JSON."""
