"""Choose the members of a FER+ zip file that are unpacked, and refuse hostile ones."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

from ...errors import ConvcutError
from .tables import shown

LABELS = 'label.csv'
# limits; FER+ has 2,420 bytes an image, a label.csv of 1.5 MB and 70 MB unpacked
IMAGE_BYTES, LABELS_BYTES, ARCHIVE_BYTES = 64 << 10, 8 << 20, 512 << 20
ENCRYPTED = 1  # bit of a member's flags


def wanted_members(
    path: Path, archive: zipfile.ZipFile, folder: str
) -> dict[str, zipfile.ZipInfo]:
    """Return the images and label.csv of the folder by name.

    Raises:
        ConvcutError: There is no such folder, or a member would be written outside, is a link,
            encrypted, there twice, or larger than any of FER+.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = PurePosixPath(member.filename.replace('\\', '/'))
        if name.is_absolute() or '..' in name.parts or ':' in name.as_posix():
            raise ConvcutError(
                f'{path}: refused, its member "{shown(member.filename)}" would be written '
                'outside the folder'
            )
        if name.parts[:-1] == (folder,) and (name.suffix == '.png' or name.name == LABELS):
            problem = _problem(member)
            if name.name in members:
                problem = 'is there twice'
            if problem:
                raise ConvcutError(f'{path}: refused, "{shown(member.filename)}" {problem}')
            members[name.name] = member
    total = sum(member.file_size for member in members.values())
    if total > ARCHIVE_BYTES:
        raise ConvcutError(
            f'{path}: refused, it unpacks to {total} bytes, expected at most {ARCHIVE_BYTES}'
        )
    if not members:
        raise ConvcutError(f'{path}: expected a folder {folder} with images and {LABELS} in it')
    return members


def _problem(member: zipfile.ZipInfo) -> str:
    """Return why a member is refused, '' if nothing is wrong."""
    most = LABELS_BYTES if member.filename.endswith(LABELS) else IMAGE_BYTES
    if stat.S_ISLNK(member.external_attr >> 16):
        return 'is a link'
    if member.flag_bits & ENCRYPTED:
        return 'is encrypted; unpack and pack it without a password'
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return 'is neither stored nor deflated'  # other methods have no limit when unpacked
    if member.file_size > most:
        return f'unpacks to {member.file_size} bytes, expected at most {most}'
    return ''
