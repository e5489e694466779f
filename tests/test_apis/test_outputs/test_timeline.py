"""The plot of a video: gaps where nobody was in sight, the persons longest in sight."""

import numpy as np
import pytest

from convcut_mm.apis.outputs.timeline import (
    Timeline,
    clock,
    thinned,
    with_gaps,
)

CLASSES = ('neutral', 'happiness')


def result(time, *tracks, error=None) -> dict:
    scores = (0.2, 0.8) if time < 1 else (0.9, 0.1)
    faces = [dict(track=track, probabilities=dict(zip(CLASSES, scores))) for track in tracks]
    return dict(time=time, faces=faces, error=error)


@pytest.fixture
def timeline():
    line = Timeline(CLASSES)
    for index in range(20):
        tracks = [8] if index % 2 else []
        line.add(result(index / 10, *tracks, *([1] if not 5 <= index < 15 else [])))
    line.add(result(2.0, error='ends early'))
    return line


def test_a_panel_for_each_class_and_person(timeline):
    figure = timeline.figure('a.mp4')
    assert [axes.get_ylabel() for axes in figure.axes] == ['neutral', 'happiness'] * 2
    assert [axes.get_title(loc='left') for axes in figure.axes] == ['person 1', '', 'person 8', '']
    assert figure.get_suptitle().startswith('a.mp4: probability of each expression')


def test_areas_show_the_probabilities_and_the_gap(timeline):
    neutral = timeline.figure('a').axes[0].collections[0].get_paths()
    vertices = np.concatenate([path.vertices for path in neutral])
    assert {0.2, 0.9} <= set(np.round(vertices[:, 1], 3))
    inside = (vertices[:, 0] > 0.45) & (vertices[:, 0] < 1.45) & (vertices[:, 1] > 0)
    assert not inside.any()
    answer = np.concatenate(
        [path.vertices for path in timeline.figure('a').axes[0].collections[1].get_paths()]
    )
    assert answer[:, 0].min() >= 1  # neutral is the answer in the second half


def test_of_many_persons_the_longest_in_sight():
    line = Timeline(CLASSES)
    for index in range(30):
        line.add(result(float(index), *[track for track in range(1, 6) if index % track == 0]))
    figure = line.figure('a')
    titles = [axes.get_title(loc='left') for axes in figure.axes]
    assert [title for title in titles if title] == ['person 1', 'person 2', 'person 3']
    assert '3 longest in sight of 5' in figure.get_suptitle()


def test_a_name_is_no_formula():
    line = Timeline(('$x_', 'happiness'))
    line.add(result(0.0, 1))
    figure = line.figure('a$\\frac$\udcff.mp4')
    figure.canvas.draw()
    assert figure.get_suptitle().startswith('a$\\frac$\\xff.mp4: ')


def test_no_face_no_plot():
    line = Timeline(CLASSES)
    line.add(result(0.0))
    assert not line


def test_gaps_and_thinning():
    times, scores = with_gaps(np.array([0.0, 0.1, 2.0]), np.ones((3, 2)), 0.5)
    assert times.tolist() == [0.0, 0.1, 0.1, 2.0]
    assert np.isnan(scores).all(axis=1).tolist() == [False, False, True, False]
    times, scores = thinned(np.arange(5000.0), np.arange(10000.0).reshape(5000, 2))
    assert len(times) == len(scores) == 1667 and scores[0].tolist() == [2.0, 3.0]


@pytest.mark.parametrize('seconds,longest,text', [(7.5, 30, '7.5'), (65, 600, '1:05')])
def test_clock(seconds, longest, text):
    assert clock(seconds, longest) == text
