"""The inferencer: the answers of tools/test.py, any input, broken files, mistakes."""

import json
import pathlib

import numpy as np
import pytest
import torch
from PIL import Image

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.detectors import Detector, Face
from convcut_mm.apis.load_classifier import load_classifier
from convcut_mm.errors import ConvcutError


@pytest.fixture(scope='module')
def images(tiny_model):
    """Drawn faces of the test set and what the test pipeline and model say about them."""
    model = load_classifier(*tiny_model())
    paths = [image.path for image in model.test_images[:10]]
    return paths, model.probabilities(paths), model.classes


def scores_of(results: list) -> np.ndarray:
    return np.array([list(result['faces'][0]['probabilities'].values()) for result in results])


def test_answers_are_those_of_the_test_pipeline(inferencer, images):
    paths, scores, classes = images
    assert inferencer.classes == classes
    results = inferencer(paths, batch_size=4)
    assert np.allclose(scores_of(results), scores, atol=1e-5)
    for path, result, row in zip(paths, results, scores):
        (face,) = result['faces']
        assert (result['input'], result['error']) == (path, None)
        assert (result['width'], result['height']) == (100, 100)
        assert face['box'] == [0.0, 0.0, 100.0, 100.0] and face['detection_score'] is None
        assert face['label'] == row.argmax() and face['expression'] == classes[row.argmax()]
        assert face['score'] == pytest.approx(row.max(), abs=1e-5)
    json.dumps(results)  # plain numbers and strings only


def test_every_kind_of_input_gives_the_same(inferencer, images):
    paths, scores, _ = images
    array = np.asarray(Image.open(paths[0]))
    kinds = [
        paths[0],
        pathlib.Path(paths[0]),
        array,
        Image.open(paths[0]),
        pathlib.Path(paths[0]).read_bytes(),
        array / 255,
    ]
    for kind in kinds:
        assert np.allclose(scores_of(inferencer(kind)), scores[:1], atol=1e-5)
    assert np.allclose(scores_of(inferencer(kinds)), scores[:1].repeat(6, axis=0), atol=1e-5)
    assert inferencer([]) == []


def test_batch_attention_sees_each_face_alone(make_inferencer, images):
    attending = make_inferencer('batch')
    paths, _, _ = images
    alone = np.concatenate([scores_of(attending([path])) for path in paths])
    assert np.allclose(scores_of(attending(paths)), alone, atol=1e-6)


def test_a_folder_with_broken_files(inferencer, images, broken_files, tmp_path):
    broken = broken_files(tmp_path)
    Image.open(images[0][0]).save(tmp_path / 'good.png')
    results = inferencer(tmp_path, batch_size=1)
    assert [pathlib.Path(result['input']).name for result in results] == [
        'empty.png',
        'good.png',
        'text.jpg',
        'truncated.jpg',
    ]
    for result in results:
        name = pathlib.Path(result['input']).name
        if name == 'good.png':
            assert result['error'] is None and len(result['faces']) == 1
        else:
            assert broken[name] in result['error'] and result['faces'] == []
            assert result['width'] is result['height'] is None
    (missing,) = inferencer('missing.jpg')
    assert missing['error'] == 'missing.jpg: no such file'


def test_faces_of_any_size_and_shape(inferencer):
    sizes = [(16, 16), (48, 48), (300, 200), (8000, 20)]
    faces = [np.full((*size, 3), 90, np.uint8) for size in sizes]
    scores = inferencer.classify(faces)
    assert scores.shape == (4, 7) and np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(scores, scores[:1], atol=1e-5)  # all are one grey
    assert inferencer.classify([]).shape == (0, 7)


class TwoFaces(Detector):
    """Finds two faces in wide images and none in others."""

    margin = 0.5

    def __call__(self, image):
        if image.shape[1] < 300:
            return []
        return [Face((200.0, 50.0, 300.0, 150.0), 0.9), Face((25.0, 75.0, 75.0, 125.0), 0.5)]


def test_faces_are_cut_out_in_order(make_inferencer, inferencer, images):
    paths, scores, classes = images
    finder = make_inferencer(detector=TwoFaces())
    assert finder.margin == 0.5
    first, second = (np.asarray(Image.open(path).resize((100, 100))) for path in paths[:2])
    image = np.zeros((200, 400, 3), np.uint8)
    image[:, 150:350] = np.asarray(Image.fromarray(first).resize((200, 200)))
    image[50:150, :100] = second
    results = finder([image, image[:, :100], image], batch_size=3)
    assert [len(result['faces']) for result in results] == [2, 0, 2]
    assert results[1]['error'] is None  # no face, and no guess
    faces = results[0]['faces']
    for face, same in zip(faces, results[2]['faces']):
        assert face['probabilities'] == pytest.approx(same['probabilities'], abs=1e-5)
    assert [face['detection_score'] for face in faces] == [0.5, 0.9]  # from left to right
    # 100 pixels of the left one were pasted as they are
    assert np.allclose(list(faces[0]['probabilities'].values()), scores[1], atol=1e-5)
    assert np.allclose(list(faces[1]['probabilities'].values()), scores[0], atol=0.1)


def test_colours_are_nothing_to_a_model_of_grey_faces(tiny_model, make_inferencer):
    grey_config = (
        "test_dataloader = dict(dataset=dict(_delete_=True, type='FERPlus', data_root='none', "
        "split='valid', pipeline=[dict(type='LoadImageFromFile'), dict(type='Resize', "
        "scale=(64, 64)), dict(type='PackInputs')]))"
    )
    config, checkpoint = tiny_model(extra=grey_config)
    grey = ExpressionInferencer(config, checkpoint, detector='none')
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (64, 64, 3), np.uint8)
    as_grey = np.asarray(Image.fromarray(image).convert('L'))
    assert np.allclose(grey.classify([image]), grey.classify([as_grey]), atol=0.02)
    coloured = make_inferencer()
    assert not np.allclose(coloured.classify([image]), coloured.classify([as_grey]), atol=0.02)


def test_draws_into_a_folder(inferencer, images, tmp_path):
    paths, _, _ = images
    (tmp_path / 'a').mkdir()
    Image.open(paths[0]).save(tmp_path / 'a' / 'x.png')
    Image.open(paths[1]).save(tmp_path / 'a' / 'x.jpg')
    results = inferencer(tmp_path / 'a', show_dir=tmp_path / 'out')
    assert [result['picture'] for result in results] == ['x.png', 'x-2.png']
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['x-2.png', 'x.png']
    drawn = np.asarray(Image.open(tmp_path / 'out' / 'x-2.png'))
    image = np.asarray(Image.open(paths[0]))
    assert (drawn == inferencer.draw(image, results[1])).all()


def test_video_frame_by_frame(inferencer, images, write_video, tmp_path):
    paths, _, _ = images
    frames = [np.asarray(Image.open(path)) for path in paths]
    path = write_video(tmp_path / 'a.avi', frames, rate=5)
    results = inferencer(path, batch_size=4)
    assert [result['frame'] for result in results] == list(range(10))
    assert np.allclose([result['time'] for result in results], np.arange(10) / 5)
    assert {result['faces'][0]['track'] for result in results} == {1}
    third = list(inferencer.stream(path, every=3))
    assert [result['frame'] for result in third] == [0, 3, 6, 9]
    assert third[1] == results[3]
    assert len(list(inferencer.stream(path, seconds=1.0))) == 5


def test_a_video_that_ends_early(inferencer, write_video, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 96, 128, 3), np.uint8)
    path = write_video(tmp_path / 'a.avi', noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    *frames, last = inferencer(path)
    assert len(frames) > 10 and all(result['error'] is None for result in frames)
    assert f'a.avi: ends early: {len(frames)} of 40 frames' in last['error']
    assert last['frame'] == len(frames) - 1 and last['faces'] == []


def test_memory_does_not_grow_with_the_video(inferencer, write_video, tmp_path):
    """160 frames of 0.9 MB: held at once they would take 147 MB."""
    frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    path = write_video(tmp_path / 'a.avi', [frame] * 160)

    def resident() -> int:
        pages = pathlib.Path('/proc/self/statm').read_text().split()[1]
        return int(pages) * 4096 // 2**20

    if not pathlib.Path('/proc/self/statm').exists():
        pytest.skip('reads /proc')
    stream = inferencer.stream(path)
    for _ in range(40):
        next(stream)
    before = resident()
    assert sum(1 for _ in stream) == 120
    assert resident() - before < 50


@pytest.mark.parametrize(
    'options,problem',
    [
        (dict(model='convcut_nothing'), 'convcut_nothing: no config file .* there are .*convcut_'),
        (
            dict(model='convcut_rafdb', pretrained=True),
            'convcut_rafdb: no weights come with this model',
        ),
        (dict(model='missing.py'), 'missing.py: no such config file'),
        (dict(pretrained='missing.pth'), 'missing.pth: no such checkpoint file'),
        (dict(pretrained=True), 'a config holds no weights'),
        (dict(backend='tensorrt'), 'unknown backend "tensorrt"'),
        (dict(detector='haar'), 'unknown detector "haar"'),
        (dict(margin=-0.5), 'expected a share from -0.4 to 2'),
        (dict(classes=['a', 'b']), '2 class names for a model with 7 classes'),
    ],
)
def test_mistakes(tiny_model, options, problem):
    config, checkpoint = tiny_model()
    options = {'model': config, 'pretrained': checkpoint, 'detector': 'none', **options}
    with pytest.raises(ConvcutError, match=problem) as error:
        ExpressionInferencer(**options)
    assert '\n' not in str(error.value)


def test_weights_that_give_nan(tiny_model, images, tmp_path):
    """No answer, instead of the first class with the score NaN."""
    config, checkpoint = tiny_model()
    state = torch.load(checkpoint)
    state['state_dict']['head.fc.bias'][2] = float('nan')
    torch.save(state, tmp_path / 'nan.pth')
    broken = ExpressionInferencer(config, tmp_path / 'nan.pth', detector='none')
    path = images[0][0]
    (result,) = broken(path, show_dir=tmp_path / 'out')
    assert result['error'].startswith(f'{path}: the model gives NaN') and result['faces'] == []
    assert result['picture'] is None and not (tmp_path / 'out').exists()
    with pytest.raises(ConvcutError, match='the model gives NaN'):
        broken.classify([np.asarray(Image.open(path))])


def test_weights_of_another_architecture(tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    state = torch.load(checkpoint)
    state['state_dict'].pop('head.fc.bias')
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(ConvcutError, match='a checkpoint of another architecture than .*tiny'):
        ExpressionInferencer(config, tmp_path / 'a.pth', detector='none')


def test_a_model_that_is_built_already(tiny_model, images):
    paths, scores, classes = images
    model = load_classifier(*tiny_model()).model
    inferencer = ExpressionInferencer(model, detector='none', classes=classes)
    assert np.allclose(scores_of(inferencer(paths[:1])), scores[:1], atol=1e-5)


def test_finds_the_astronaut(make_inferencer, astronaut):
    finder = make_inferencer(detector='centerface')
    (result,) = finder(astronaut)
    (face,) = result['faces']
    x1, y1, x2, y2 = face['box']
    assert x1 < 224 < x2 and y1 < 115 < y2
    assert finder(astronaut[300:])[0]['faces'] == []


def test_named_in_the_package():
    import convcut_mm

    assert convcut_mm.ExpressionInferencer is ExpressionInferencer
    with pytest.raises(AttributeError, match='no attribute'):
        convcut_mm.nothing  # noqa: B018


class Sideways(Detector):
    """Finds a face at the top left that reaches beyond the image."""

    def __call__(self, image):
        return [Face((-37.0, -9.5, 60.0, 80.0), 0.9)]


def test_boxes_end_where_the_image_does(make_inferencer, images):
    finder = make_inferencer(detector=Sideways())
    image = np.asarray(Image.open(images[0][0]))
    (result,) = finder(image[:70])
    (face,) = result['faces']
    assert face['box'] == [0, 0, 60, 70]
    # what the model is shown stays as it was, with the border repeated
    crop = finder.crop(image[:70], Sideways()(image)[0])
    answer = finder.classify(crop)[0]
    assert np.allclose(list(face['probabilities'].values()), answer, atol=1e-6)


def test_classify_takes_one_face_or_many(inferencer, images):
    paths, scores, _ = images
    face = np.asarray(Image.open(paths[0]))
    tensor = torch.from_numpy(face.copy()).permute(2, 0, 1)
    one = inferencer.classify(face)
    assert one.shape == (1, 7) and np.allclose(one, scores[:1], atol=1e-5)
    for kind in (paths[0], Image.open(paths[0]), tensor, face / 255, face[None]):
        assert np.allclose(inferencer.classify(kind), one, atol=1e-5)
    for kind in (
        np.stack([face] * 3),
        [face] * 3,
        (face for _ in range(3)),
        tensor[None].expand(3, -1, -1, -1),
    ):
        assert np.allclose(inferencer.classify(kind), one.repeat(3, axis=0), atol=1e-5)
    for kind, problem in {
        'a.mp4': 'a.mp4: a video; classify takes images',
        'missing.png': 'missing.png: no such file',
        None: 'a NoneType is no image',
    }.items():
        with pytest.raises(ConvcutError, match=problem):
            inferencer.classify(kind)
    with pytest.raises(ConvcutError, match=r'array of shape \(9, 48, 48\) is no image'):
        inferencer.classify(np.zeros((9, 48, 48), np.uint8))


def test_what_is_no_image_is_answered_so(inferencer):
    nan, good = np.full((8, 8), np.nan), np.zeros((8, 8), np.uint8)
    first, second = inferencer([nan, good])
    assert first['error'] == 'image 0: an array with NaN or infinite values is no image'
    assert first['faces'] == [] and second['error'] is None


def test_turned_by_hand(inferencer, images, write_video, tmp_path):
    paths, scores, _ = images
    upright = np.asarray(Image.open(paths[0]))
    lying = np.rot90(upright)  # counter-clockwise
    assert np.allclose(scores_of(inferencer(lying, rotate=90)), scores[:1], atol=1e-5)
    assert not np.allclose(scores_of(inferencer(lying)), scores[:1], atol=1e-3)
    path = write_video(tmp_path / 'a.avi', [upright[:48]] * 3)
    assert [result['width'] for result in inferencer.stream(path, rotate=270)] == [48] * 3
    for options in (dict(rotate=45), dict(max_value=0)):
        with pytest.raises(ConvcutError, match='=(45|0): expected'):
            inferencer(lying, **options)


def test_deep_pixels(inferencer, images):
    paths, scores, _ = images
    ten_bits = (np.asarray(Image.open(paths[0])).astype(np.uint16) * (1023 / 255)).round()
    result = inferencer(ten_bits.astype(np.uint16), max_value=1023)
    assert np.allclose(scores_of(result), scores[:1], atol=0.02)


def test_the_limit_of_pixels_is_the_inferencers(make_inferencer, images):
    small = make_inferencer(max_pixels=9_999)
    (result,) = small(images[0][0])
    assert '100 x 100 pixels, more than the 0.009999 megapixels' in result['error']
    with pytest.raises(ConvcutError, match='max_pixels=0: expected 1 or more'):
        make_inferencer(max_pixels=0)


def test_a_stream_of_images(inferencer, images):
    """A generator is asked for one image after the other."""

    def endless():
        while True:
            yield images[0][0]

    results = inferencer.stream(endless(), batch_size=2)
    assert [next(results)['error'] for _ in range(3)] == [None] * 3
