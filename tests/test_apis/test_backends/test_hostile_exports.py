"""Exported files whose metadata lie, or whose graphs reach for what is not theirs: one line."""

import json
import shutil

import numpy as np
import pytest

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.backends import OnnxRuntimeBackend, OpenVinoBackend, backend_class
from convcut_mm.apis.backends.metadata import ModelInfo, Port
from convcut_mm.errors import ConvcutError

SUFFIX = {'onnxruntime': '.onnx', 'openvino': '.xml'}
SEVEN = [f'class {number}' for number in range(7)]
LONG = [*SEVEN, 'an eighth']
LIES = {
    'size': [0, -5, 24, 50_000, 64.0, '64', True, None, [64]],
    'share': [0, -1, float('nan'), float('inf'), 1.5, 1e-9, '1', None],
    'grey': [1, 'yes', None],
    'classes': [
        SEVEN[:3],
        LONG,
        [],
        'happiness',
        {'a': 1},
        [*SEVEN[:6], 7],
        [*SEVEN[:6], ' '],
        [*SEVEN[:6], 'two\nlines'],
        [*SEVEN[:6], '\x1b[31mred'],
        [*SEVEN[:6], 'x' * 1000],
        [*SEVEN[:6], SEVEN[0]],
    ],
}
TEXTS = ['', 'large', '[' * 100_000, '9' * 5000, 'x' * 2**21]


def edited(source, target, backend: str, name: str, text: str):
    """A copy of an exported file in whose metadata an entry says something else."""
    if backend == 'onnxruntime':
        import onnx

        model = onnx.load(source)
        for entry in model.metadata_props:
            entry.value = text if entry.key == name else entry.value
        onnx.save(model, target)
        return target
    from xml.etree import ElementTree

    tree = ElementTree.parse(source)
    (entry,) = tree.getroot().findall(f'rt_info/convcut_mm/{name}')
    entry.set('value', text)
    tree.write(target)
    shutil.copy(source.with_suffix('.bin'), target.with_suffix('.bin'))
    return target


def test_every_lie_is_one_line():
    truth = ModelInfo(tuple(SEVEN), 64)
    inputs, outputs = [Port('uint8', (None, 64, 64, 3))], [Port('float32', (None, 7))]
    truth.check_graph(inputs, outputs, 'file')
    cases = [(name, json.dumps(value)) for name, values in LIES.items() for value in values]
    for name, text in [*cases, *(('size', text) for text in TEXTS), ('grey', None), ('size', 64)]:
        with pytest.raises(ConvcutError, match='^file: its (metadata|graph)') as found:
            info = ModelInfo.from_strings({**truth.to_strings(), name: text}, 'file')
            info.check_graph(inputs, outputs, 'file')
        assert str(found.value).isprintable() and len(str(found.value)) < 400, (name, text)


@pytest.mark.parametrize('backend', SUFFIX)
def test_metadata_that_lie(backend, exported_model, tmp_path):
    source = exported_model(dict(onnxruntime='onnx', openvino='openvino')[backend])[1].files[0]
    target = tmp_path / f'lie{SUFFIX[backend]}'
    for name, value in (('size', 24), ('share', -1), ('classes', SEVEN[:3]), ('classes', LONG)):
        edited(source, target, backend, name, json.dumps(value))
        with pytest.raises(ConvcutError, match='lie.*(metadata|its graph)') as found:
            backend_class(backend)(target)
        assert '\n' not in str(found.value)
    edited(source, target, backend, 'classes', json.dumps(['<b>', '=1+1', '../x', *SEVEN[:4]]))
    assert backend_class(backend)(target).classes[:3] == ('<b>', '=1+1', '../x')


def test_names_that_are_given_are_counted(exported_model):
    file = exported_model('onnx')[1].files[0]
    options = dict(backend='onnxruntime', detector='none')
    for classes in (SEVEN[:3], LONG):
        with pytest.raises(ConvcutError, match='class names for a model with 7 classes'):
            ExpressionInferencer(file, classes=classes, **options)
    assert ExpressionInferencer(file, classes=SEVEN, **options).classes == tuple(SEVEN)


INFO = dict(classes=json.dumps(SEVEN), size='8', grey='false', share='1.0')


def onnx_file(path, nodes, tensors=(), inputs=None, outputs=None, domains=()):
    """A graph of one's own with metadata as ours have them: 8 x 8 pixels, seven classes."""
    from onnx import TensorProto, helper, save

    number = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        'graph',
        inputs or [number('faces', TensorProto.UINT8, ['N', 8, 8, 3])],
        outputs or [number('scores', TensorProto.FLOAT, ['N', 7])],
        list(tensors),
    )
    opsets = [helper.make_opsetid('', 18), *(helper.make_opsetid(name, 1) for name in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(model, INFO)
    save(model, path)
    return path


def constant_scores(value: float, classes: int = 7) -> list:
    """Nodes that give the value for each class, whatever the faces are."""
    from onnx import TensorProto, helper

    ends = helper.make_tensor('v', TensorProto.FLOAT, [1], [value])
    return [
        helper.make_node('Shape', ['faces'], ['n'], start=0, end=1),
        helper.make_node('Constant', [], ['c'], value_ints=[classes]),
        helper.make_node('Concat', ['n', 'c'], ['shape'], axis=0),
        helper.make_node('ConstantOfShape', ['shape'], ['scores'], value=ends),
    ]


def test_onnx_graphs(tmp_path):
    onnx = pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    make, kinds = onnx.helper.make_node, onnx.TensorProto
    number = onnx.helper.make_tensor_value_info
    file, good = tmp_path / 'graph.onnx', constant_scores(1 / 7)
    faces = np.zeros((2, 8, 8, 3), np.uint8)
    assert OnnxRuntimeBackend(onnx_file(file, good))(faces).shape == (2, 7)

    def answer() -> str:
        with pytest.raises(ConvcutError, match='graph.onnx: ') as found:
            OnnxRuntimeBackend(file)(faces)
        assert '\n' not in str(found.value)
        return str(found.value)

    # other inputs and outputs than ours
    image = number('faces', kinds.UINT8, ['N', 8, 8, 3])
    for inputs, said in (
        ([image, number('more', kinds.FLOAT, [1])], 'takes uint8 (N, 8, 8, 3) and float32 (1)'),
        ([number('faces', kinds.UINT8, [1, 8, 8, 3])], 'takes uint8 (1, 8, 8, 3), and its'),
        ([number('faces', kinds.UINT8, ['N', 'H', 'W', 3])], 'takes uint8 (N, N, N, 3)'),
        ([number('faces', kinds.FLOAT, ['N', 8, 8, 3])], 'takes float32 (N, 8, 8, 3)'),
    ):
        onnx_file(file, good, inputs=inputs)
        assert said in answer()
    scores = number('scores', kinds.FLOAT, ['N', 7])
    onnx_file(file, good, outputs=[scores, number('n', kinds.INT64, [1])])
    assert 'gives float32 (N, 7) and int64' in answer().replace('tensor(int64)', 'int64')
    # promises that are not kept
    onnx_file(file, constant_scores(1.0, 3), outputs=[number('scores', kinds.FLOAT, ['N', 'C'])])
    assert 'gives float32 (N, N)' in answer()
    onnx_file(file, constant_scores(5.0))
    assert 'numbers from 5 to 5, which are no probabilities' in answer()
    # memory without end, operators of others
    size = onnx.helper.make_tensor('s', kinds.INT64, [1], [1 << 46])
    huge = [make('ConstantOfShape', ['s'], ['z']), make('ReduceMean', ['z'], ['m'], keepdims=0)]
    onnx_file(file, [*constant_scores(0.1)[:3], *huge, make('Expand', ['m', 'shape'], ['scores'])],
              [size])  # fmt: skip
    assert 'cannot be run' in answer()
    onnx_file(file, [make('Evil', ['faces'], ['scores'], domain='acme')], domains=['acme'])
    assert 'cannot be read as an ONNX model' in answer()


@pytest.mark.parametrize('place', ['../outside.bin', '/etc/passwd', 'link.bin', 'beside.bin'])
def test_onnx_weights_in_other_files(place, tmp_path, monkeypatch):
    onnx = pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    here = tmp_path / 'here'
    here.mkdir()
    for file in (tmp_path / 'outside.bin', here / 'beside.bin'):
        file.write_bytes(np.zeros(7, np.float32).tobytes())
    (here / 'link.bin').symlink_to(tmp_path / 'outside.bin')
    weights = onnx.TensorProto(name='w', data_type=onnx.TensorProto.FLOAT, dims=[7])
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (('location', place), ('length', '28')):
        weights.external_data.add(key=key, value=value)
    nodes = constant_scores(0.1)
    nodes[-1].output[0] = 'same'
    nodes.append(onnx.helper.make_node('Add', ['same', 'w'], ['scores']))
    onnx_file(here / 'graph.onnx', nodes, [weights])
    monkeypatch.chdir(here)
    with pytest.raises(ConvcutError, match='cannot be read as an ONNX model') as found:
        OnnxRuntimeBackend(here / 'graph.onnx')
    assert '\n' not in str(found.value)


def test_openvino_graphs(exported_model, tmp_path):
    source = exported_model('openvino')[1].files[0]
    weights = source.with_suffix('.bin').read_bytes()
    text = source.read_text()
    names = 'abcdefghijk'
    bomb = '<!DOCTYPE net [<!ENTITY a "aaaaaaaaaa">' + ''.join(
        f'<!ENTITY {name} "{10 * f"&{before};"}">' for before, name in zip(names, names[1:])
    )
    bomb += '<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    head, net, rest = text.partition('<net ')
    size = '<size value="64"'
    assert size in rest
    target = tmp_path / 'graph.xml'
    for content, binary in (
        (head + bomb + net + rest.replace(size, '<size value="&k;"'), weights),
        (head + bomb + net + rest.replace(size, '<size value="&x;"'), weights),
        (text.replace(size, '<size><b value="64"/></size><was value="64"'), weights),
        (text, weights[: len(weights) // 2]),
        (text, b''),
        (text.replace('type="Convert"', 'type="Evil"', 1), weights),
        (text.replace('version="opset1"', 'version="/tmp/evil.so"', 1), weights),
        (text.replace('offset="0"', 'offset="18446744073709551000"', 1), weights),
        ('<html></html>', b''),
        ('', b''),
    ):
        target.write_text(content)
        target.with_suffix('.bin').write_bytes(binary)
        with pytest.raises(ConvcutError, match='graph.xml: ') as found:
            OpenVinoBackend(target)
        assert '\n' not in str(found.value) and 'root:' not in str(found.value)
