"""keep_freed_memory keeps freed memory in the process."""

import platform

import pytest

# the file alone: the package takes five seconds to import
SCRIPT = """
import runpy
import torch
keep_freed_memory = runpy.run_path('convcut_mm/utils/allocator.py')['keep_freed_memory']

def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * 4096

if {keep}:
    assert keep_freed_memory()
torch.ones(64 << 20, dtype=torch.uint8)  # freed at once
before = resident()
block = torch.ones(256 << 20, dtype=torch.uint8)
del block
print('grown', resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='a setting of glibc')
@pytest.mark.parametrize('keep', [True, False])
def test_freed_memory_stays(run_command, tmp_path, keep):
    script = tmp_path / 'script.py'
    script.write_text(SCRIPT.format(keep=keep))
    grown = int(run_command('python', script).stdout.split('grown')[1])
    # the second block takes the room of the first and 192 MB more
    assert (grown > 150 << 20) == keep
