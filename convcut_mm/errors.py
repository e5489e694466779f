"""The exception for mistakes of the user: bad data, file, option or checkpoint."""


class ConvcutError(ValueError):
    """An error that the user can fix.

    The message is one line that names the file or key and says what was expected. The tools
    print that line and exit with status 1; any other exception keeps its traceback.
    """
