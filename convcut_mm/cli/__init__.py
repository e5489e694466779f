"""What the command-line tools share. It may import all other folders; only tools import it."""
