"""Synthetic faces in RAF-DB's layout, to try everything without the photographs.

RAF-DB is available on request only. These faces are rendered by a program, show the same seven
expressions and use the same folders, so every command runs on them as on RAF-DB.
"""

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...errors import ConvcutError
from ...utils.drafts import draft_folder
from ...utils.progress import progress
from .expressions import EXPRESSIONS
from .face import render_face

# Increase it with every change that renders other pictures from the same seed.
GENERATOR_VERSION = 1

JPEG_QUALITY = 95
SPLITS = (('train', 5), ('test', 4))
SHEET_SPLIT = len(SPLITS)


README = (
    'These faces were rendered by a program (convcut_mm.datasets.synthetic_faces); they are no '
    'photographs and no part of RAF-DB.\n'
)


def _settings(train_per_class: int, test_per_class: int, seed: int, size: int) -> str:
    return (
        f'Generator version {GENERATOR_VERSION}, seed {seed}, {size} x {size} pixels, '
        f'{train_per_class} training and {test_per_class} test faces for each of '
        f'{len(EXPRESSIONS)} expressions.\n'
    )


def _is_complete(root: Path, settings: str) -> bool:
    try:
        # only the last line: earlier releases began the file differently
        return (root / 'README.txt').read_text(encoding='utf-8').endswith(f'RAF-DB.\n{settings}')
    except (OSError, UnicodeDecodeError):
        return False


def _taken(root: Path) -> ConvcutError:
    return ConvcutError(
        f'{root}: exists and holds something else than these faces; choose another folder or '
        'remove this one'
    )


def _require(**least: tuple[int, int]) -> None:
    for name, (value, minimum) in least.items():
        if value < minimum:
            raise ConvcutError(f'{name} is {value}, but has to be at least {minimum}')


def _rng(seed: int, split: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, split, number])


def _write(folder: Path, per_class: tuple[int, int], seed: int, size: int) -> None:
    aligned, labels = folder / 'basic/Image/aligned', folder / 'basic/EmoLabel'
    aligned.mkdir(parents=True)
    labels.mkdir(parents=True)
    lines, total = [], sum(per_class) * len(EXPRESSIONS)
    with progress('Rendering faces', total, shown=sys.stderr.isatty()) as step:
        for split, ((name, digits), count) in enumerate(zip(SPLITS, per_class)):
            sorted_labels = np.repeat(np.arange(1, len(EXPRESSIONS) + 1), count)
            # Faces count from 1, so no face has the random numbers of the shuffle.
            shuffled = _rng(seed, split, 0).permutation(sorted_labels)
            for number, label in enumerate(shuffled.tolist(), 1):
                stem = f'{name}_{number:0{digits}d}'
                face = render_face(EXPRESSIONS[label - 1], _rng(seed, split, number), size)
                Image.fromarray(face).save(aligned / f'{stem}_aligned.jpg', quality=JPEG_QUALITY)
                lines.append(f'{stem}.jpg {label}\n')
                step()
    # 'patition' is how RAF-DB spells it; newline keeps the file the same on every system.
    with open(labels / 'list_patition_label.txt', 'w', encoding='utf-8', newline='\n') as file:
        file.writelines(lines)


def render_dataset(
    root: str | Path,
    train_per_class: int = 500,
    test_per_class: int = 50,
    seed: int = 0,
    size: int = 100,
) -> Path:
    """Render faces into a folder in RAF-DB's official layout.

    The same arguments give the same bytes. An interrupted call leaves nothing behind, the next
    call removes what a killed one left, and two calls at once both end with the complete folder.

    Args:
        root: Folder to create, with ``basic/`` and ``README.txt``. A folder that already holds the
            faces of the same arguments is left as it is.
        train_per_class: Training faces of each expression. Defaults to 500.
        test_per_class: Test faces of each expression. Defaults to 50.
        seed: Non-negative seed of all faces. Defaults to 0.
        size: Width and height of a face in pixels, at least 32. Defaults to 100.

    Returns:
        The folder.

    Raises:
        ConvcutError: A count is below 1, the size below 32 or the seed below 0, or the folder
            exists and holds anything else.
    """
    _require(
        train_per_class=(train_per_class, 1),
        seed=(seed, 0),
        test_per_class=(test_per_class, 1),
        size=(size, 32),
    )
    root = Path(root)
    settings = _settings(train_per_class, test_per_class, seed, size)
    if _is_complete(root, settings):
        return root
    if os.path.lexists(root):
        raise _taken(root)

    try:
        with draft_folder(root) as draft:
            _write(draft, (train_per_class, test_per_class), seed, size)
            (draft / 'README.txt').write_text(README + settings, encoding='utf-8')
    except OSError:
        # Another process was first: fine if it rendered the same faces.
        if not os.path.lexists(root):
            raise
        if not _is_complete(root, settings):
            raise _taken(root) from None
    return root


def contact_sheet(per_class: int = 6, seed: int = 0, size: int = 100) -> np.ndarray:
    """Render a sheet with one row of faces per expression.

    Args:
        per_class: Faces in a row. Defaults to 6.
        seed: Non-negative seed; no face of a data set uses the same random numbers. Defaults to 0.
        size: Width and height of a face in pixels, at least 32. Defaults to 100.

    Returns:
        An RGB picture of type uint8 with the names of the expressions on the left.

    Raises:
        ConvcutError: A row has no face, the size is below 32 or the seed below 0.
    """
    _require(per_class=(per_class, 1), seed=(seed, 0), size=(size, 32))
    font = ImageFont.load_default(max(10, size // 6))
    margin = int(max(font.getlength(name) for name in EXPRESSIONS)) + 12
    sheet = Image.new('RGB', (margin + per_class * size, len(EXPRESSIONS) * size), 'white')
    pen = ImageDraw.Draw(sheet)
    for row, name in enumerate(EXPRESSIONS):
        pen.text((6, (row + 0.5) * size), name, fill='black', font=font, anchor='lm')
        for column in range(per_class):
            number = row * per_class + column + 1
            face = render_face(name, _rng(seed, SHEET_SPLIT, number), size)
            sheet.paste(Image.fromarray(face), (margin + column * size, row * size))
    return np.asarray(sheet)
