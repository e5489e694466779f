"""What app.py shows: an answer about a photo, and the page around it."""
