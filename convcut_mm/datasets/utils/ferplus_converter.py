"""FER2013's and FER+'s CSV files, or zip files, as the folders that FERPlus reads."""

import csv
import filecmp
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PIL import Image

from ...errors import ConvcutError
from ...utils.atomic import write_atomically
from ...utils.drafts import draft_folder, remove_leftovers
from ...utils.progress import progress
from . import fer2013_csv, fer2013_zip, ferplus_files, ferplus_votes
from .image_folder import check_listed

IMAGES, VOTES, LABELS = 'fer2013.csv', 'fer2013new.csv', fer2013_zip.LABELS
FOLDERS = {usage: ferplus_files.FOLDERS[split] for split, usage in ferplus_files.USAGES.items()}
BOX = f'(0, 0, {fer2013_csv.SIZE}, {fer2013_csv.SIZE})'
# number of images that the majority rule keeps of the complete data set
PUBLISHED = {
    LABELS: {'FER2013Train': 25045, 'FER2013Valid': 3191, 'FER2013Test': 3137},
    VOTES: {'FER2013Train': 25060, 'FER2013Valid': 3199, 'FER2013Test': 3153},
}


def convert(src: Path, dst: Path, kind: str | None = None) -> None:
    """Write the folders that FERPlus reads; print what each holds.

    Args:
        src (Path): Folder with the two CSV files or the zip files.
        dst (Path): Folder to write.
        kind (str, optional): 'csv' or 'zip', if it holds both. Defaults to what it holds.

    Raises:
        ConvcutError: See :func:`find_kind`; a file is damaged or of another data set.
    """
    kind = find_kind(src, kind)
    dst.mkdir(parents=True, exist_ok=True)
    remove_leftovers(dst)
    check_votes(src, dst)
    for folder in FOLDERS.values():
        if (dst / folder).is_dir():
            print(f'{dst / folder}: already there')
    if kind == 'csv':
        convert_csv(src, dst)
    else:
        convert_zips(src, dst)
    for folder in FOLDERS.values():
        if (dst / folder).is_dir():
            print(summary(dst / folder))


def find_kind(src: Path, wanted: str | None) -> str:
    """Return which of 'csv' and 'zip' ``src`` holds.

    Raises:
        ConvcutError: It holds neither, both without ``wanted``, or only one of the CSV files.
    """
    if not src.is_dir():
        raise ConvcutError(f'{src}: no such folder')
    zips = [src / f'{folder}.zip' for folder in FOLDERS.values()]
    has_zip, has_csv = any(path.is_file() for path in zips), (src / IMAGES).is_file()
    if has_zip and has_csv and wanted is None:
        raise ConvcutError(f'{src}: holds {IMAGES} and zip files; say --from csv or --from zip')
    if wanted == 'zip' and not has_zip or not has_zip and not has_csv and wanted is None:
        raise ConvcutError(
            f'{src}: expected {", ".join(path.name for path in zips)} or some of '
            f'them there{"" if wanted else f", or {IMAGES} and {VOTES}"}'
        )
    kind = wanted or ('zip' if has_zip else 'csv')
    for name in (IMAGES, VOTES) if kind == 'csv' else ():
        if not (src / name).is_file():
            raise ConvcutError(f'{src / name}: no such file; expected {IMAGES} and {VOTES} there')
    return kind


def convert_csv(src: Path, dst: Path) -> None:
    """Write images and votes of the CSV pair; the folders appear after the last row."""
    if all((dst / folder).is_dir() for folder in FOLDERS.values()):
        copy_votes(src, dst)
        return
    total = fer2013_csv.count_rows(src / VOTES)
    tables: dict[str, tuple | None] = {}  # by folder; None for folders that exist
    with ExitStack() as stack:
        step = stack.enter_context(progress(IMAGES, total))
        for face in fer2013_csv.read_pair(src / IMAGES, src / VOTES):
            folder = FOLDERS[face.usage]
            if folder not in tables:
                done = (dst / folder).is_dir()
                tables[folder] = None if done else new_table(stack, dst, folder)
            draft = tables[folder]
            if face.name and draft is not None:
                temporary, table = draft
                image = Image.frombytes('L', (fer2013_csv.SIZE,) * 2, face.pixels)
                image.save(temporary / face.name)
                table.writerow([face.name, BOX, *face.votes])
            step()
        copy_votes(src, dst)


def new_table(stack: ExitStack, dst: Path, folder: str) -> tuple:
    """Return a draft of a folder and the writer of its label.csv."""
    temporary = stack.enter_context(building(dst, folder, str(dst / folder)))
    (temporary / ferplus_files.SOURCE_NOTE).write_text(f'{VOTES}\n')
    file = stack.enter_context(open(temporary / LABELS, 'w', newline=''))
    return temporary, csv.writer(file, lineterminator='\n')


def convert_zips(src: Path, dst: Path) -> None:
    """Unpack the zip files in ``src``, and copy fer2013new.csv if it is there."""
    for folder in FOLDERS.values():
        path = src / f'{folder}.zip'
        if not path.is_file() or (dst / folder).is_dir():
            continue
        if path.stat().st_size > fer2013_zip.ARCHIVE_BYTES:
            raise ConvcutError(
                f'{path}: larger than {fer2013_zip.ARCHIVE_BYTES} bytes, so not FER+'
            )
        try:
            with zipfile.ZipFile(path) as archive, building(dst, folder, f'{path}') as temporary:
                members = fer2013_zip.wanted_members(path, archive, folder)
                with progress(path.name, len(members)) as step:
                    for name, member in members.items():
                        with archive.open(member) as file:
                            # reading one byte past the declared size checks the CRC
                            (temporary / name).write_bytes(file.read(member.file_size + 1))
                        step()
        except ConvcutError:  # a ValueError too
            raise
        except (
            zipfile.BadZipFile,
            zlib.error,
            struct.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,  # bad names
        ) as error:
            raise ConvcutError(f'{path}: damaged, or not a zip file ({error})') from error
    if (src / VOTES).is_file():
        copy_votes(src, dst)


@contextmanager
def building(dst: Path, folder: str, origin: str) -> Iterator[Path]:
    """Yield a temporary folder that gets its name if the block succeeds, and is removed if not."""
    try:
        with draft_folder(dst / folder) as temporary:
            yield temporary
            try:
                read_folder(temporary)
            except ConvcutError as error:  # do not name the temporary folder, which goes
                raise ConvcutError(str(error).replace(str(temporary), origin)) from None
    except OSError:
        if not (dst / folder).is_dir():  # otherwise another run was faster
            raise


def copy_votes(src: Path, dst: Path) -> None:
    """Copy fer2013new.csv, for label_source='fer2013new.csv'."""
    if not (dst / VOTES).is_file():
        write_atomically(dst / VOTES, (src / VOTES).read_bytes())


def check_votes(src: Path, dst: Path) -> None:
    """Refuse a file without votes, and a different file where it would be copied to."""
    if (src / VOTES).is_file():
        fer2013_csv.count_rows(src / VOTES)
        if (dst / VOTES).exists() and not filecmp.cmp(src / VOTES, dst / VOTES, shallow=False):
            raise ConvcutError(
                f'{dst / VOTES}: exists and differs from {src / VOTES}; remove one of them'
            )


def read_folder(folder: Path) -> tuple:
    """Return names and votes of a folder's label.csv, and check that its images are there."""
    names, votes = ferplus_files.read_label_csv(folder / LABELS)
    check_listed(folder, names, folder / LABELS)
    return names, votes


def summary(folder: Path) -> str:
    """Return a line with the number of images, and of those that the majority rule keeps."""
    names, votes = read_folder(folder)
    kept = int(ferplus_votes.targets(votes, 'majority', ferplus_votes.NUM_EMOTIONS).sum())
    note = folder / ferplus_files.SOURCE_NOTE
    source = ferplus_files.source_note(note) if note.is_file() else LABELS
    expected = PUBLISHED.get(source, {}).get(folder.name)
    verdict = (
        'as published'
        if kept == expected
        else f'expected {expected}: an incomplete or different copy'
    )
    return (
        f'{folder.name}: {len(names)} images, the majority rule keeps {kept} (votes from '
        f'{source}; {verdict})'
    )
