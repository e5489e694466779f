"""Names of expressions: synonyms, and a user's own choice and order of classes."""

from collections.abc import Sequence

import mmengine

from ...errors import ConvcutError

# what folders and papers call the official classes of RAF-DB and FERPlus
SYNONYMS = {
    'surprise': ('surprised',),
    'fear': ('fearful', 'afraid', 'scared'),
    'disgust': ('disgusted',),
    'happiness': ('happy', 'joy'),
    'sadness': ('sad',),
    'anger': ('angry',),
    'neutral': ('neutrality',),
    'contempt': ('contemptuous',),
}
_OFFICIAL = {other: name for name, others in SYNONYMS.items() for other in others}


def official_name(name: str) -> str:
    """Return the official name: 'happiness' for 'Happy'; unknown names only become lower case."""
    name = ' '.join(name.lower().replace('_', ' ').replace('-', ' ').split())
    return _OFFICIAL.get(name, name)


def class_choice(
    classes: str | Sequence[str], known: Sequence[str], dataset: str
) -> tuple[tuple[str, ...], list[int]]:
    """Read a user's choice and order of a data set's classes.

    Args:
        classes: Names, or a file with one name a line.
        known: The data set's own classes in the order of its labels.
        dataset: Name of the data set, for messages.

    Returns:
        The names as the user writes them, and the data set's own label of each.

    Raises:
        ConvcutError: A name is unknown or comes twice, or there are none.
    """
    if isinstance(classes, str):
        classes = mmengine.list_from_file(classes)
    names, official = tuple(map(str, classes)), list(map(official_name, known))
    labels: list[int] = []
    for name in names:
        if official_name(name) not in official:
            raise ConvcutError(
                f'{dataset}: unknown class "{name}", expected some of {", ".join(known)}; this '
                'option chooses and orders classes, it does not rename them'
            )
        label = official.index(official_name(name))
        if label in labels:
            raise ConvcutError(f'{dataset}: class "{name}" twice in {", ".join(names)}')
        labels.append(label)
    if not labels:
        raise ConvcutError(f'{dataset}: no classes, expected some of {", ".join(known)}')
    return names, labels
