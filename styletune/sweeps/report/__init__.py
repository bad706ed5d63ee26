"""What a sweep leaves to look at: contact sheet, plots, HTML page."""
