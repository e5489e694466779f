"""The one exception that stands for a user's mistake: bad data, file, option or checkpoint."""


class ConvcutError(ValueError):
    """Something that the user can mend.

    The message is one line that names the file or key and says what was expected. The tools
    print that line and end with status 1; everything else keeps its traceback.
    """
