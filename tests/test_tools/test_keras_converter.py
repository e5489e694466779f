"""tools/model_converters/convcut_to_mmpretrain.py on files that Keras did not write."""

import h5py
import numpy as np
import pytest

TOOL = 'tools/model_converters/convcut_to_mmpretrain.py'
KERNEL = 'classification_head/classification_head/kernel:0'


def external_storage(file, secret):
    del file[KERNEL]
    file.create_dataset(KERNEL, (3,), 'f4', external=[(str(secret), 0, 12)])


def virtual(file, secret):
    other = secret.with_suffix('.h5')
    with h5py.File(other, 'w') as source:
        source['numbers'] = np.arange(3.0)
    layout = h5py.VirtualLayout((3,), 'f4')
    layout[:] = h5py.VirtualSource(str(other), 'numbers', (3,))
    del file[KERNEL]
    file.create_virtual_dataset(KERNEL, layout)


def external_link(file, secret, name=KERNEL):
    other = secret.with_suffix('.h5')
    with h5py.File(other, 'w') as source:
        source['numbers/numbers'] = np.arange(3.0)
    if name in file:
        del file[name]
    file[name] = h5py.ExternalLink(str(other), '/numbers')


def soft_link(file, secret):
    external_link(file, secret, 'other')
    file['layer/kernel'] = h5py.SoftLink('/other/numbers')


def at_the_root(file, _):
    file['dense'] = np.zeros(3)


def text(file, _):
    file['dense/dense/kernel:0'] = 'a text'


def mixture(file, _):
    file['dense/dense/kernel:0'] = np.zeros(3, [('a', 'f4'), ('b', 'i4')])


def empty(file, _):
    file['dense/dense/kernel:0'] = h5py.Empty('f4')


def terabytes(file, _):
    file.create_dataset('dense/dense/kernel:0', (2**20, 2**20), 'f4')  # nothing of it is stored


def compressed(file, _):
    file.create_dataset('dense/dense/kernel:0', data=np.zeros(5 * 10**6), compression='lzf')


def circle(file, _):
    file['layer/again'] = file['/']


def deep(file, _):
    file['/'.join('abcdefghijklmnopqrstuvwxyz')] = np.zeros(3)


def dimensions(file, _):
    del file[KERNEL]
    file[KERNEL] = np.zeros((1,) * 7)


def whole_model_is_elsewhere(file, secret):
    external_link(file, secret, 'model_weights')


def whole_model_is_no_group(file, _):
    file['model_weights'] = np.zeros(3)


def twice(file, _):
    file['dense_7/dense_7/kernel:0'] = np.zeros((256, 32))


def of_keras_3(file, _):
    file['layers/dense/vars/0'] = np.zeros((256, 32))


def unknown(file, _):
    file['evil\nlayer/kernel:0'] = np.zeros(3)


@pytest.mark.parametrize(
    'change, message',
    [
        (external_storage, 'reads its numbers from other files'),
        (virtual, 'reads its numbers from other files'),
        (external_link, 'is a link to another place (ExternalLink)'),
        (soft_link, 'Link)'),
        (whole_model_is_elsewhere, "'model_weights' is a link to another place (ExternalLink)"),
        (whole_model_is_no_group, '"model_weights" is not a group'),
        (at_the_root, "'dense' is outside of any layer"),
        (text, "'dense/dense/kernel:0' is not an array of numbers"),
        (mixture, "'dense/dense/kernel:0' is not an array of numbers"),
        (empty, "'dense/dense/kernel:0' is not an array of numbers"),
        (terabytes, 'are larger than the file'),
        (compressed, 'are larger than the file'),
        (circle, 'is in the file twice'),
        (deep, "'a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q' is nested too deep"),
        (dimensions, 'has 7 dimensions'),
        (twice, 'is a second weight for "head.embedding.fc.weight"'),
        (of_keras_3, "'vars/0' is not a weight of the released graph (Keras 3 writes such names"),
        (unknown, r"'evil\nlayer/kernel' is not a weight of the released graph"),
    ],
)
def test_hostile_files(change, message, root, run_here, capsys, tmp_path):
    source, out, secret = tmp_path / 'a.h5', tmp_path / 'out.pth', tmp_path / 'secret'
    secret.write_bytes(b'a secret for all to keep')
    golden = root / 'tests' / 'data' / 'released_atto.h5'
    with h5py.File(golden) as whole, h5py.File(source, 'w') as file:
        for name, layer in whole['model_weights'].items():  # a file of weights only
            whole.copy(layer, file, name)
        change(file, secret)
    assert run_here(TOOL, source, out) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f'error: {source}: ') and message in line
    assert not out.exists()


@pytest.mark.parametrize('content', [b'', b'\x89HDF\r\n\x1a\n', 'cut'])
def test_damaged_files(content, root, run_here, capsys, tmp_path):
    whole = (root / 'tests' / 'data' / 'released_atto.h5').read_bytes()
    source = tmp_path / 'a.h5'
    source.write_bytes(whole[:5000] if content == 'cut' else content)
    assert run_here(TOOL, source, tmp_path / 'out.pth') == 1
    assert f'error: {source}: not a whole HDF5 file of Keras' in capsys.readouterr().err
