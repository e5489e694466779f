"""The bar's total: images, and the frames of videos once these are open, which they are once."""

import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.inputs.options import InputOptions
from convcut_mm.apis.inputs.sources import list_sources
from convcut_mm.apis.inputs.video import Video
from convcut_mm.apis.progress_bar import with_progress


@pytest.fixture(scope='module')
def folder(tmp_path_factory, write_video):
    """Two images, a video of ten frames, one that is cut off, and a moving GIF of three."""
    folder = tmp_path_factory.mktemp('mixed')
    frames = np.random.default_rng(0).integers(0, 256, (10, 48, 64, 3), np.uint8)
    for name in ('a.png', 'z.png'):
        Image.fromarray(frames[0]).save(folder / name)
    write_video(folder / 'b.avi', frames)
    cut = write_video(folder / 'c.avi', list(frames) * 3)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    first, *others = (Image.fromarray(frame) for frame in frames[:3])
    first.save(folder / 'd.gif', save_all=True, append_images=others)
    return folder


@pytest.mark.parametrize(
    'options', [InputOptions(), InputOptions(every=3), InputOptions(every=2, seconds=0.5)]
)
def test_all_steps_are_in_the_total(inferencer, folder, options, capsys, monkeypatch):
    opened = []
    init = Video.__init__

    def noted(self, source, *args):
        opened.append(source)
        init(self, source, *args)

    monkeypatch.setattr(Video, '__init__', noted)
    sources = list_sources(folder)
    results = list(with_progress(inferencer.results(sources, options, 4), sources, options))
    assert f'{len(results)}/{len(results)} ' in capsys.readouterr().err
    assert sorted(opened) == [str(folder / name) for name in ('b.avi', 'c.avi')]


def test_one_image_needs_no_bar(inferencer, folder, capsys):
    sources = list_sources(folder / 'a.png')
    options = InputOptions()
    assert len(list(with_progress(inferencer.results(sources), sources, options))) == 1
    assert capsys.readouterr().err == ''
