"""What ``app.py`` beside this folder serves: results for a photo, and the page around them."""
