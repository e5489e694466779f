"""The expressions: a face at rest, and the muscle movements that each adds to it."""

# A face at rest. Lengths are in face space; 'up' means towards the forehead.
REST = dict(
    brow_inner=0.0, brow_mid=0.04, brow_outer=0.0, brow_squeeze=0.0,
    lid_upper=0.078, lid_lower=0.052, lid_tilt=0.0, cheek=0.0,
    mouth_width=0.25, corners=0.0, open=0.0, open_above=0.3, squareness=2.0,
    lip=1.0, lip_lift=0.0, sneer=0.0, upper_teeth=0.0, lower_teeth=0.0,
    nose_wrinkle=0.0, frown=0.0, forehead=0.0, chin_boss=0.0,
)  # fmt: skip

# Common to all variants of an expression.
_SURPRISE = dict(
    brow_inner=0.13, brow_mid=0.18, brow_outer=0.12, lid_upper=0.062, lid_lower=0.035,
    open_above=0.05,
)  # fmt: skip
_FEAR = dict(
    brow_inner=0.16, brow_mid=0.06, brow_outer=-0.01, brow_squeeze=0.06, lid_upper=0.062,
    lid_lower=0.012, lid_tilt=0.12, open_above=0.1, squareness=1.6, lip=-0.4, frown=0.5,
    forehead=0.7,
)  # fmt: skip
_DISGUST = dict(
    brow_inner=-0.07, brow_mid=-0.06, brow_outer=-0.03, brow_squeeze=0.02, cheek=0.45,
    nose_wrinkle=1.0, frown=0.3,
)  # fmt: skip
_HAPPINESS = dict(brow_mid=0.02, cheek=1.0, corners=0.14)
_ANGER = dict(
    brow_inner=-0.115, brow_mid=-0.055, brow_outer=0.05, brow_squeeze=0.06, lid_tilt=-0.75,
    frown=1.0,
)  # fmt: skip

# Added to REST at full intensity; one variant of the expression is sampled per face.
MOVES = {
    'surprise': (
        dict(_SURPRISE, mouth_width=-0.095, open=0.28, forehead=1.0),
        dict(_SURPRISE, mouth_width=-0.125, open=0.18, forehead=0.8),
    ),
    'fear': (
        dict(_FEAR, mouth_width=0.06, corners=-0.06, open=0.125, lower_teeth=0.04),
        dict(
            _FEAR, mouth_width=0.08, corners=-0.07, open=0.08, upper_teeth=0.025,
            lower_teeth=0.025,
        ),
    ),
    'disgust': (
        dict(
            _DISGUST, lid_upper=-0.04, lid_lower=-0.024, mouth_width=-0.04, corners=-0.06,
            lip_lift=0.05, sneer=0.045, open=0.07, open_above=0.45, upper_teeth=0.045, lip=0.1,
            chin_boss=0.3,
        ),
        dict(
            _DISGUST, lid_upper=-0.045, lid_lower=-0.028, mouth_width=-0.05, corners=-0.08,
            lip_lift=0.06, sneer=0.05, lip=0.25, chin_boss=0.6,
        ),
    ),
    'happiness': (
        dict(
            _HAPPINESS, lid_upper=-0.014, lid_lower=-0.026, mouth_width=0.11, open=0.15,
            open_above=-0.25, lip=-0.2, upper_teeth=0.075,
        ),
        dict(_HAPPINESS, lid_upper=-0.018, lid_lower=-0.03, mouth_width=0.10, lip=-0.15),
        dict(
            _HAPPINESS, lid_upper=-0.014, lid_lower=-0.028, mouth_width=0.12, open=0.09,
            open_above=-0.25, lip=-0.2, upper_teeth=0.1,
        ),
    ),
    'sadness': (
        dict(
            brow_inner=0.12, brow_outer=-0.06, brow_squeeze=0.04, lid_upper=-0.014, lid_tilt=0.75,
            mouth_width=-0.03, corners=-0.12, chin_boss=1.0, frown=0.3, forehead=0.3,
        ),
    ),
    'anger': (
        dict(
            _ANGER, lid_upper=-0.004, lid_lower=-0.008, mouth_width=-0.01, corners=-0.035,
            lip=-0.62, chin_boss=0.4,
        ),
        dict(
            _ANGER, lid_upper=0.004, lid_lower=-0.006, corners=-0.03, open=0.13, open_above=0.15,
            squareness=3.5, lip=-0.3, upper_teeth=0.062, lower_teeth=0.062,
        ),
    ),
    'neutral': ({},),
}  # fmt: skip
EXPRESSIONS = tuple(MOVES)
