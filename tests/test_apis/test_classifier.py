"""Loading a model for pictures: weights that fit, test images, what the model sees."""

import numpy as np
import pytest
import torch
from PIL import Image

from convcut_mm.apis.load_classifier import load_classifier, read_model_config
from convcut_mm.datasets.builder import class_names
from convcut_mm.errors import ConvcutError

CLASSES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')


def test_weights_classes_and_test_images(classifier, tiny_model):
    config, checkpoint = tiny_model()
    model = classifier()
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    for key, value in model.model.state_dict().items():
        assert torch.equal(value, saved[key])
    assert not model.model.training and model.classes == CLASSES
    assert [image.label for image in model.test_images].count(3) == 4
    assert len(model.test_images) == 28
    assert load_classifier(config, checkpoint).name == config.stem


def test_weights_of_a_wrapped_model_fit(tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    path = tmp_path / 'wrapped.pth'
    torch.save({'state_dict': {f'module.{key}': value for key, value in saved.items()}}, path)
    assert load_classifier(config, path).model.head.fc.weight.equal(saved['head.fc.weight'])


def test_the_checkpoint_s_own_class_names_are_taken(tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    saved = torch.load(checkpoint, weights_only=True)
    names = [name.upper() for name in CLASSES]
    path = tmp_path / 'named.pth'
    torch.save({**saved, 'meta': {'dataset_meta': {'classes': names}}}, path)
    assert load_classifier(config, path).classes == tuple(names)


def test_the_checkpoint_says_whether_its_faces_were_grey(tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    saved, path = torch.load(checkpoint, weights_only=True), tmp_path / 'grey.pth'
    for grey in (True, False):
        torch.save({**saved, 'meta': {'dataset_meta': {'classes': CLASSES, 'grey': grey}}}, path)
        assert load_classifier(config, path).grey is grey
    assert not load_classifier(config, checkpoint).grey


def test_one_line_for_what_does_not_fit(tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    other = tmp_path / 'other.pth'
    torch.save({'state_dict': {k: v for k, v in saved.items() if k != 'head.fc.bias'}}, other)
    with pytest.raises(ConvcutError, match='other.pth.*another architecture.*"head.fc.bias"'):
        load_classifier(config, other)
    with pytest.raises(ConvcutError, match='nowhere.pth: no such checkpoint'):
        load_classifier(config, tmp_path / 'nowhere.pth')
    with pytest.raises(ConvcutError, match='nowhere.py: no such config'):
        load_classifier('nowhere.py', checkpoint)
    bare = tmp_path / 'bare.py'
    bare.write_text('model = dict()')
    with pytest.raises(ConvcutError, match='bare.py: has no test_dataloader'):
        load_classifier(bare, checkpoint)


def test_a_picture_has_the_colours_of_its_file(classifier, tmp_path):
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[..., 0], pixels[:50, :, 2] = 200, 90
    Image.fromarray(pixels).save(tmp_path / 'red.png')
    picture = classifier().picture(tmp_path / 'red.png')
    assert (picture == pixels[18:82, 18:82]).all()  # the middle 64 pixels, red first


def test_images_that_cannot_be_read(classifier, tmp_path):
    (tmp_path / 'text.png').write_text('no image')
    with pytest.raises(ConvcutError, match='text.png: not a whole image'):
        classifier().inputs(str(tmp_path / 'text.png'))
    with pytest.raises(ConvcutError, match='nowhere.png: no such image'):
        classifier().inputs('nowhere.png')


def test_scores_equal_mmpretrain_s_own(classifier):
    from mmengine.dataset import default_collate
    from mmengine.registry import DefaultScope
    from mmpretrain.registry import DATASETS

    model = classifier()
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(model.config.test_dataloader.dataset)
    samples = model.model.test_step(default_collate([dataset[i] for i in range(28)]))
    scores = model.probabilities([image.path for image in model.test_images])
    for row, image, sample in zip(scores, model.test_images, samples):
        assert row == pytest.approx(sample.pred_score.detach().numpy(), abs=1e-5)
        assert image.label == sample.gt_label.item()


def test_class_names_need_no_data(root):
    config = read_model_config(root / 'configs' / 'convcut_ferplus.py')
    assert class_names(config)[:2] == ('neutral', 'happiness') and len(class_names(config)) == 8


def test_a_name_of_the_zoo_brings_its_weights():
    model = load_classifier('convcut-atto_ferplus', device='cpu')
    assert model.name == 'convcut-atto_ferplus' and model.classes[:2] == ('neutral', 'happiness')
    assert model.grey and model.view == (48, 1.0) and not model.model.training
    with pytest.raises(ConvcutError, match='convcut-base_rafdb: no weights come with this model'):
        load_classifier('convcut-base_rafdb')
    with pytest.raises(ConvcutError, match='unheard_of: no config file .* no model of the zoo'):
        load_classifier('unheard_of')


def test_weights_of_the_config_none_or_the_model_s_own(tiny_model):
    config, checkpoint = tiny_model()
    saved = torch.load(checkpoint, weights_only=True)['state_dict']['head.fc.weight']
    with pytest.raises(ConvcutError, match='a config holds no weights; give the checkpoint too'):
        load_classifier(config)
    named = load_classifier(config, cfg_options={'load_from': str(checkpoint)})
    assert named.model.head.fc.weight.equal(saved)
    other = load_classifier(config, None)
    before = other.model.head.fc.weight.clone()
    assert not before.equal(saved)
    built = load_classifier(other.model)
    assert built.model is other.model and built.model.head.fc.weight.equal(before)
    assert built.classes == other.classes == CLASSES
    assert load_classifier(other.model, checkpoint).model.head.fc.weight.equal(saved)
    with pytest.raises(ConvcutError, match='the model carries no config'):
        load_classifier(torch.nn.Linear(2, 2))


def test_classes_follow_the_config_s_order_where_the_checkpoint_names_none(tiny_model):
    config, checkpoint = tiny_model()
    options = {'test_dataloader.dataset.classes': list(CLASSES[::-1])}
    model = load_classifier(config, checkpoint, cfg_options=options)
    assert model.classes == CLASSES[::-1]
    given = load_classifier(config, checkpoint, classes=[name.upper() for name in CLASSES])
    assert given.classes[0] == 'SURPRISE'
    with pytest.raises(ConvcutError, match='2 class names for a model with 7 classes'):
        load_classifier(config, checkpoint, classes=['a', 'b'])
