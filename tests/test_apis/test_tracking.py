"""Faces of a video keep the number of their person."""

from convcut_mm.apis.tracking import Tracker

A, B = (0, 0, 10, 10), (100, 0, 110, 10)


def moved(box: tuple, by: float) -> tuple:
    return box[0] + by, box[1], box[2] + by, box[3]


def test_numbers_follow_the_boxes_whatever_their_order():
    tracker = Tracker()
    assert tracker.update([A, B], 0.0) == [0, 1]
    assert tracker.update([moved(B, 2), moved(A, 1)], 0.1) == [1, 0]
    assert tracker.update([moved(A, 3), (50, 50, 60, 60), moved(B, 4)], 0.2) == [0, 2, 1]


def test_a_face_may_be_out_of_sight_for_a_second():
    tracker = Tracker(patience=1.0)
    assert tracker.update([A], 0.0) == [0]
    assert tracker.update([], 0.5) == []
    assert tracker.update([A], 1.0) == [0]
    assert tracker.update([A], 2.5) == [1]


def test_two_faces_never_share_a_number():
    tracker = Tracker()
    tracker.update([A], 0.0)
    assert sorted(tracker.update([A, moved(A, 1)], 0.1)) == [0, 1]
    assert tracker.update([moved(A, 9)], 0.2) == [2]  # too far from both
