"""Names of expressions: which ones mean the same, and a user's own order or choice of them."""

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
    """'Happy' is 'happiness', 'Happily_surprised' 'happily surprised'; others stay, lower case."""
    name = ' '.join(name.lower().replace('_', ' ').replace('-', ' ').split())
    return _OFFICIAL.get(name, name)


def class_choice(classes: str | Sequence[str], known: Sequence[str], whose: str) -> tuple:
    """A user's order or choice of a data set's classes.

    Args:
        classes (str | Sequence[str]): Names, or a file with one a line.
        known (Sequence[str]): The data set's own classes in the order of its labels.
        whose (str): The data set, for the message.

    Returns:
        tuple[tuple[str], list[int]]: The names as the user writes them, and for each the data
        set's own label.

    Raises:
        ConvcutError: A name that the data set does not know, one twice, or none.
    """
    if isinstance(classes, str):
        classes = mmengine.list_from_file(classes)
    names, official = tuple(map(str, classes)), list(map(official_name, known))
    labels: list[int] = []
    for name in names:
        if official_name(name) not in official:
            raise ConvcutError(
                f'{whose}: unknown class "{name}", expected some of {", ".join(known)}; names '
                'choose and order the classes, they rename none'
            )
        label = official.index(official_name(name))
        if label in labels:
            raise ConvcutError(f'{whose}: class "{name}" twice in {", ".join(names)}')
        labels.append(label)
    if not labels:
        raise ConvcutError(f'{whose}: no classes, expected some of {", ".join(known)}')
    return names, labels
