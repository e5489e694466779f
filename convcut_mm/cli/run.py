"""Run a tool: report mistakes in one line, set the exit status, end processes together."""

import io
import re
import sys
from collections.abc import Callable
from typing import Any

from ..errors import ConvcutError
from ..utils.disk_errors import (
    SHARED_MEMORY,
    disk_error_line,
    log_errors_raised,
    out_of_shared_memory,
)
from ..utils.text import printable
from .start_up import INTERRUPTED


def run_tool(main: Callable[[], None]) -> None:
    """Run a tool; report a mistake of the user in one line on stderr, with exit status 1.

    Args:
        main (Callable): Function of the tool.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # escape characters that the terminal's encoding lacks, instead of failing
            stream.reconfigure(errors='backslashreplace')
    try:
        with log_errors_raised():
            main()
        _leave_group()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except ConvcutError as error:
        print(f'error: {one_line(error)}', file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        line = disk_error_line(error)
        if line is None:
            raise
        print(f'error: {line}', file=sys.stderr)
        sys.exit(1)
    except RuntimeError as error:
        if not out_of_shared_memory(error):
            raise
        print(f'error: {SHARED_MEMORY}', file=sys.stderr)
        sys.exit(1)
    except KeyError as error:
        if 'registry' not in str(error):
            raise
        # a misspelt type in a config; drop mmengine's advice about its documentation
        print(f'error: {str(error.args[0]).split(". ")[0]}', file=sys.stderr)
        sys.exit(1)


def _leave_group() -> None:
    """End torchrun's processes together, since gloo may abort one that ends early."""
    distributed: Any = sys.modules.get('torch.distributed')  # None before torch is imported
    if distributed is not None and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def one_line(error: BaseException) -> str:
    """Return an error's message without the traceback of torch's worker processes."""
    text = str(error).strip() or type(error).__name__
    if 'Traceback (most recent call last)' in text:
        text = re.sub(r'^[\w.]*(Error|Exception): ', '', text.splitlines()[-1].strip())
    return printable(text)
