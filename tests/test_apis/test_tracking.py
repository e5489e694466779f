"""Faces of a video keep the number of their person."""

import numpy as np
import pytest

from convcut_mm.apis.tracking import Tracker

A, B = (0, 0, 10, 10), (100, 0, 110, 10)


def moved(box: tuple, by: float) -> tuple:
    return box[0] + by, box[1], box[2] + by, box[3]


def test_numbers_follow_the_boxes_whatever_their_order():
    tracker = Tracker()
    assert tracker.update([A, B], 0.0) == [1, 2]
    assert tracker.update([moved(B, 2), moved(A, 1)], 0.1) == [2, 1]
    assert tracker.update([moved(A, 3), (50, 50, 60, 60), moved(B, 4)], 0.2) == [1, 3, 2]


def frame_times(rate: str) -> np.ndarray:
    if rate == 'changing':
        return np.cumsum(np.random.default_rng(0).uniform(0.005, 0.2, 200))
    return np.arange(200) / float(rate)


@pytest.mark.parametrize('rate', ['60', '12.5', '4', 'changing'])
@pytest.mark.parametrize('gap,numbers', [(1.5, {1}), (2.5, {1, 2})])
def test_a_face_may_be_out_of_sight_for_a_second_and_a_half(rate, gap, numbers):
    """Seconds count, however many frames that are."""
    tracker, given = Tracker(), set()
    times = frame_times(rate)
    for time in times:
        is_lost = times[0] + 0.5 <= time < times[0] + 0.5 + gap
        given |= set(tracker.update([] if is_lost else [A], time))
    assert given == numbers


def test_slow_frames_follow_each_other_at_any_distance():
    tracker = Tracker()
    assert [tracker.update([A], time) for time in (0.0, 4.0, 8.0)] == [[1], [1], [1]]


def test_nobody_takes_the_number_of_one_who_is_out_of_sight():
    """B walks to where A was lost, and A comes back beside B: both keep their numbers."""
    tracker = Tracker()
    assert tracker.update([A, moved(A, 12)], 0.0) == [1, 2]
    for step in range(1, 5):  # B's box ends nearer to A's last one than to its own before
        assert tracker.update([moved(A, 12 - 3 * step)], 0.3 * step) == [2]
    assert tracker.update([moved(A, 0), moved(A, 40)], 1.5) == [2, 3]
    assert tracker.update([], 1.6) == []
    assert tracker.update([moved(A, 40)], 3.0) == [3]


def test_two_faces_never_share_a_number():
    tracker = Tracker()
    tracker.update([A], 0.0)
    assert sorted(tracker.update([A, moved(A, 1)], 0.1)) == [1, 2]
    assert tracker.update([moved(A, 9)], 0.2) == [3]  # too far from both
