"""What the command-line tools share. Imports everything below it; imported by tools only."""
