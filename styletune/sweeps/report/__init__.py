"""The report of a sweep: contact sheets, plots, HTML page."""
