"""FERPlus: label sources, soft and sampled labels, parts, malformed files, real counts."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convcut_mm  # noqa: F401
from convcut_mm.datasets import FERPlus
from convcut_mm.datasets.utils.duplicates_cache import cached_duplicates
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation.data_quality import images_of_config, panel_bound, report_copies

EMOTIONS = ('neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt')
RULES = ('majority', 'probability', 'crossentropy', 'multi_target', 'argmax')
HEADER = ['Usage', 'Image name', *EMOTIONS, 'unknown', 'NF']


def write_split(root: Path, split: str, votes: list) -> Path:
    """Write an exported folder with an image of noise for each row of votes."""
    folder = root / f'FER2013{split.title()}'
    folder.mkdir(parents=True)
    noise = np.random.default_rng(sum(split.encode()))
    with open(folder / 'label.csv', 'w', newline='') as file:
        for number, row in enumerate(votes):
            name = f'fer{number:07d}.png'
            pixels = noise.integers(0, 256, (48, 48), np.uint8)
            Image.fromarray(pixels).save(folder / name)
            csv.writer(file).writerow([name, '(0, 0, 48, 48)', *row])
    return folder


def one_answer(answer: int) -> list:
    return [10 if i == answer else 0 for i in range(10)]


PACK = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.fixture
def mixed(tmp_path) -> Path:
    """60 training images whose votes are half and half or six to four."""
    write_split(tmp_path, 'train', [[6, 4, 0, 0, 0, 0, 0, 0, 0, 0]] * 60)
    return tmp_path


def test_soft_labels_arrive(mixed):
    dataset = FERPlus(str(mixed), rule='crossentropy', pipeline=PACK)
    packed = dataset[0]['data_samples']
    assert packed.gt_label.tolist() == [0]
    assert packed.gt_score.tolist() == pytest.approx([0.6, 0.4, 0, 0, 0, 0, 0, 0])
    assert dataset[0]['inputs'].shape == (3, 48, 48)
    assert 'gt_score' not in FERPlus(str(mixed), rule='majority', pipeline=PACK)[0]['data_samples']


def test_soft_labels_for_the_images_of_another_rule(tmp_path):
    votes = [[6, 4, 0, 0, 0, 0, 0, 0, 0, 0], [5, 5, 0, 0, 0, 0, 0, 0, 0, 0], one_answer(2)]
    write_split(tmp_path, 'train', votes)
    soft = FERPlus(str(tmp_path), rule='crossentropy', pipeline=PACK)
    hard = FERPlus(str(tmp_path))
    kept = FERPlus(str(tmp_path), rule='crossentropy', keep='majority', pipeline=PACK)
    assert (len(soft), len(hard), len(kept)) == (3, 2, 2)
    paths = [[one.get_data_info(i)['img_path'] for i in range(2)] for one in (hard, kept)]
    assert paths[0] == paths[1] and kept.get_gt_labels().tolist() == [0, 2]
    assert kept[0]['data_samples'].gt_score[:2].tolist() == pytest.approx([0.6, 0.4])


def test_classes_choose_and_order_and_rename_nothing(tmp_path):
    votes = [[6, 4, 0, 0, 0, 0, 0, 0, 0, 0], one_answer(2), one_answer(7), [0, 4, 6] + 7 * [0]]
    write_split(tmp_path, 'train', votes)
    options = dict(rule='crossentropy', classes=('surprised', 'happy'), pipeline=PACK)
    dataset = FERPlus(str(tmp_path), **options)
    assert dataset.metainfo['classes'] == ('surprised', 'happy')
    # answers left out get nothing, in images whose own answer stays
    assert [item['data_samples'].gt_score.tolist() for item in dataset] == [
        [1, 0], pytest.approx([0.6, 0.4])
    ]  # fmt: skip
    assert dataset.get_gt_labels().tolist() == [0, 0]
    with pytest.raises(ConvcutError, match='FERPlus: unknown class "contempt", expected some of'):
        FERPlus(str(tmp_path), num_classes=7, classes=('happiness', 'contempt'))


def test_probability_samples_labels(mixed):
    dataset = FERPlus(str(mixed), rule='probability', pipeline=PACK)

    def labels(seed, epoch):
        dataset.set_epoch(seed, epoch)
        samples = [dataset[i]['data_samples'] for i in range(len(dataset))]
        assert all(
            sample.gt_score[sample.gt_label] == 1 == sample.gt_score.sum() for sample in samples
        )
        return [int(sample.gt_label) for sample in samples]

    first = labels(0, 0)
    assert set(first) == {0, 1} and 10 < sum(first) < 40
    assert labels(0, 1) != first != labels(1, 0)
    assert labels(0, 0) == first
    tested = FERPlus(str(mixed), rule='probability', pipeline=PACK, test_mode=True)
    tested.set_epoch(0, 0)
    sample = tested[0]['data_samples']
    assert int(sample.gt_label) == 0 and sample.gt_score[:2].tolist() == pytest.approx([0.6, 0.4])


def write_new_csv(root: Path, rows: list, header: list = HEADER) -> None:
    with open(root / 'fer2013new.csv', 'w', newline='') as file:
        csv.writer(file).writerows([header, *rows])


def test_both_label_sources(tmp_path):
    write_split(tmp_path, 'train', [one_answer(0), one_answer(1)])
    write_split(tmp_path, 'valid', [one_answer(4)])
    write_new_csv(
        tmp_path,
        [
            ['Training', 'fer0000000.png', *one_answer(2)],
            ['Training', '', *one_answer(9)],  # to be skipped
            ['Training', 'fer0000001.png', *one_answer(3)],
            ['PublicTest', 'fer0000000.png', *one_answer(5)],
        ],
    )

    def labels(split, source):
        dataset = FERPlus(str(tmp_path), split, label_source=source)
        assert dataset.metainfo['label_source'] == source
        return dataset.get_gt_labels().tolist()

    assert labels('train', 'label.csv') == [0, 1]
    assert labels('valid', 'label.csv') == [4]
    assert labels('train', 'fer2013new.csv') == [2, 3]
    assert labels('valid', 'fer2013new.csv') == [5]
    dataset = FERPlus(str(tmp_path))
    assert dataset.metainfo['classes'] == EMOTIONS and dataset.metainfo['rule'] == 'majority'
    assert FERPlus(str(tmp_path), num_classes=7).metainfo['classes'] == EMOTIONS[:7]


def test_columns_go_by_their_names(tmp_path):
    write_split(tmp_path, 'train', [one_answer(0)])
    row = ['Training', 'fer0000000.png', *one_answer(3)[::-1]]
    write_new_csv(tmp_path, [row], HEADER[:2] + HEADER[:1:-1])
    dataset = FERPlus(str(tmp_path), label_source='fer2013new.csv')
    assert dataset.get_gt_labels().tolist() == [3]


def test_source_note_of_the_converter(tmp_path):
    folder = write_split(tmp_path, 'train', [one_answer(0)])
    (folder / 'label_source.txt').write_text('fer2013new.csv\n')
    assert FERPlus(str(tmp_path)).metainfo['label_source'] == 'label.csv, from fer2013new.csv'


def test_held_out_parts(tmp_path):
    answers = [0] * 40 + [3] * 20 + [7] * 20
    write_split(tmp_path, 'train', [one_answer(answer) for answer in answers])

    def part(name, seed=0):
        dataset = FERPlus(str(tmp_path), part=name, holdout=0.25, holdout_seed=seed)
        return [
            (item['img_path'], item['gt_label'])
            for item in map(dataset.get_data_info, range(len(dataset)))
        ]

    whole, fit, held = part(None), part('fit'), part('holdout')
    assert sorted(fit + held) == sorted(whole) and not set(fit) & set(held)
    assert Counter(label for _, label in held) == {0: 10, 3: 5, 7: 5}
    assert (fit, held) == (part('fit'), part('holdout'))
    assert part('holdout', seed=1) != held


def broken(root: Path, line: str) -> FERPlus:
    folder = write_split(root, 'train', [one_answer(0)] * 2)
    with open(folder / 'label.csv', 'a') as file:
        file.write(line + '\n')
    return FERPlus(str(root))


@pytest.mark.parametrize(
    'line, message',
    [
        (
            'fer0000001.png,"(0, 0, 48, 48)",10,0',
            r'label.csv, line 3: expected 12 fields .* got 4',
        ),
        (
            'fer0000001.png,"(0, 0, 48, 48)",11,0,0,0,0,0,0,0,0,0',
            r'line 3: expected ten votes.*11,0',
        ),
        (
            'fer0000001.png,"(0, 0, 48, 48)",-1,0,0,0,0,0,0,0,0,0',
            r'line 3: expected ten votes.*-1,0',
        ),
        (
            'fer0000001.png,"(0, 0, 48, 48)",x,0,0,0,0,0,0,0,0,0',
            r'line 3: expected ten votes.*x,0',
        ),
        *(
            (f'{name},"(0, 0, 48, 48)",10,0,0,0,0,0,0,0,0,0', message)
            for name, message in {
                '../x.png': r'line 3: expected an image name like fer0000000.png, got "../x.png"',
                '/etc/passwd': r'line 3: expected an image name like .* got "/etc/passwd"',
                '"a\nb.png"': r'expected an image name like .* got "a\\nb.png"',
                'fer0000001.png': r'line 3: expected each image name once, got fer0000001.png',
            }.items()
        ),
        *(
            (f'x.png,"(0, 0, 48, 48)",{vote},0,0,0,0,0,0,0,0,0', r'expected ten votes from 0 to')
            for vote in ('nan', '1e308', '1.5', '')
        ),
        (
            'fer0000009.png,"(0, 0, 48, 48)",10,0,0,0,0,0,0,0,0,0',
            r'fer0000009.png: listed in .*label.csv, but there is no such file',
        ),
    ],
)
def test_bad_label_csv(tmp_path, line, message):
    with pytest.raises(ConvcutError, match=message) as error:
        broken(tmp_path, line)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    'header, row, message',
    [
        (HEADER, ['Training', 'fer0000000.png', 10], 'line 2: expected 12 fields, got 3'),
        (HEADER, ['Test', 'fer0000000.png', *one_answer(0)], 'line 2: unknown Usage "Test"'),
        (HEADER, ['Training', 'fer0000007.png', *one_answer(0)], 'fer0000007.png: listed in'),
        (
            HEADER,
            ['Training', 'fer0000000.png', *one_answer(0)[:9], 'x'],
            'line 2: expected ten votes',
        ),
        # without a header the first image would be lost silently
        (
            ['Training', 'fer0000000.png', *one_answer(0)],
            ['Training', 'fer0000001.png', *one_answer(0)],
            'line 1: the header has no column "Usage", expected Usage,Image name,neutral',
        ),
    ],
)
def test_bad_fer2013new_csv(tmp_path, header, row, message):
    write_split(tmp_path, 'train', [one_answer(0)])
    write_new_csv(tmp_path, [row], header)
    with pytest.raises(ConvcutError, match=message):
        FERPlus(str(tmp_path), label_source='fer2013new.csv')


def test_missing_files(tmp_path):
    with pytest.raises(ConvcutError, match='nowhere: no such folder'):
        FERPlus(str(tmp_path / 'nowhere'))
    folder = write_split(tmp_path, 'valid', [one_answer(0)])
    with pytest.raises(ConvcutError, match='FER2013Train: no such folder; found there: FER2013Va'):
        FERPlus(str(tmp_path))
    with pytest.raises(ConvcutError, match='fer2013new.csv: no such file'):
        FERPlus(str(tmp_path), 'valid', label_source='fer2013new.csv')
    (folder / 'label.csv').unlink()
    with pytest.raises(ConvcutError, match='label.csv: no such file'):
        FERPlus(str(tmp_path), 'valid')


@pytest.mark.parametrize('rule', RULES)
@pytest.mark.parametrize('votes', [[], [one_answer(9)] * 3])
def test_nothing_left(tmp_path, rule, votes):
    write_split(tmp_path, 'train', votes)
    with pytest.raises(ConvcutError, match='the split "train" has no images'):
        FERPlus(str(tmp_path), rule=rule)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(rule='mean'), 'unknown rule "mean", expected one of majority'),
        (dict(keep='mean'), 'unknown keep "mean", expected one of majority'),
        (dict(split='dev'), 'unknown split "dev", expected one of train, valid, test'),
        (dict(label_source='votes.csv'), 'unknown label_source "votes.csv"'),
        (dict(num_classes=6), 'num_classes=6, expected 8, or 7'),
    ],
)
def test_unknown_option(tmp_path, options, message):
    write_split(tmp_path, 'train', [one_answer(0)])
    with pytest.raises(ConvcutError, match=message):
        FERPlus(str(tmp_path), **options)


@pytest.mark.parametrize(
    'rule, train, valid',
    [
        ('majority', 25045, 3191),
        ('probability', 27947, 3508),
        ('crossentropy', 27947, 3508),
        ('multi_target', 27667, 3472),
        ('argmax', 28385, 3555),
    ],
)
def test_real_counts(real, rule, train, valid):
    assert len(FERPlus(real, 'train', rule=rule)) == train
    assert len(FERPlus(real, 'valid', rule=rule)) == valid


def test_real_counts_by_class(real):
    labels = FERPlus(real, 'train').get_gt_labels()
    assert np.bincount(labels).tolist() == [8733, 7284, 3136, 3022, 2098, 116, 536, 120]
    options = dict(duplicates='mark')
    parts = [len(FERPlus(real, 'train', part=part, **options)) for part in ('fit', 'holdout')]
    assert sum(parts) == 25045 and parts[1] == 2533  # copies stay together
    options = dict(duplicates='clean')
    parts = [len(FERPlus(real, 'train', part=part, **options)) for part in ('fit', 'holdout')]
    assert parts == [22202, 2463]


def paths(dataset: FERPlus) -> list[str]:
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]


def test_real_halves(real):
    # all with duplicates='mark': one search for copies serves this file
    options = dict(holdout=(0.5, 0.1), holdout_seed=1, duplicates='mark')
    chains = ('fit/fit', 'fit/holdout', 'holdout/fit', 'holdout/holdout')
    parts = [paths(FERPlus(real, part=name, **options)) for name in chains]
    assert [len(each) for each in parts] == [11278, 1247, 11283, 1237]  # copies stay together
    assert len(set().union(*parts)) == 25045
    soft = FERPlus(real, part='holdout/fit', rule='crossentropy', keep='majority', **options)
    assert paths(soft) == parts[2]


def test_real_copies(real):
    """The counts of docs/data_quality.md."""
    images = images_of_config(dict(type='FERPlus', data_root=real), 'here')
    report = report_copies(images, cached_duplicates(images.paths))
    marked = report.standing['valid']
    identical, near = (np.bincount(images.labels[mark], minlength=8) for mark in marked.values())
    assert identical.tolist() == [31, 31, 105, 27, 19, 5, 9, 4]
    assert near.tolist() == [35, 35, 111, 34, 26, 5, 11, 4]
    assert [int(mark.sum()) for mark in report.whatever['valid'].values()] == [245, 275]
    assert [int(mark.sum()) for mark in report.standing['train'].values()] == [1831, 2078]
    assert [(one.pairs, one.different) for one in report.agreements[:2]] == [(846, 79), (231, 14)]
    dataset = FERPlus(real, 'valid', duplicates='mark')
    marks = [dataset.get_data_info(i)['duplicate'] for i in range(len(dataset))]
    assert sum(marks) == 275 and dataset.metainfo['duplicates'].startswith('marked: 275 of 3191')
    bound = panel_bound(images.votes[images.split == 1])
    assert bound.per_cent == pytest.approx(96.6, abs=0.1) and bound.images == 3191
