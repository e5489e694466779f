"""What each expression does: a face at rest, and the muscle movements added to it."""

EXPRESSIONS = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')

# A face at rest. Lengths are in face space; 'up' means towards the forehead.
REST = {
    'brow_inner': 0.0, 'brow_mid': 0.04, 'brow_outer': 0.0, 'brow_squeeze': 0.0,
    'lid_upper': 0.078, 'lid_lower': 0.052, 'lid_tilt': 0.0, 'cheek': 0.0,
    'mouth_width': 0.25, 'corners': 0.0, 'open': 0.0, 'open_above': 0.3, 'squareness': 2.0,
    'lip': 1.0, 'lip_lift': 0.0, 'sneer': 0.0, 'upper_teeth': 0.0, 'lower_teeth': 0.0,
    'nose_wrinkle': 0.0, 'frown': 0.0, 'forehead': 0.0, 'chin_boss': 0.0,
}

# What each expression adds to REST at full intensity; one of its variants is picked per face.
MOVES = {
    'surprise': (
        dict(brow_inner=.13, brow_mid=.18, brow_outer=.12, lid_upper=.062, lid_lower=.035,
             mouth_width=-.095, open=.28, open_above=.05, forehead=1.),
        dict(brow_inner=.13, brow_mid=.18, brow_outer=.12, lid_upper=.062, lid_lower=.035,
             mouth_width=-.125, open=.18, open_above=.05, forehead=.8),
    ),
    'fear': (
        dict(brow_inner=.16, brow_mid=.06, brow_outer=-.01, brow_squeeze=.06, lid_upper=.062,
             lid_lower=.012, lid_tilt=.12, mouth_width=.06, corners=-.06, open=.125,
             open_above=.1, squareness=1.6, lip=-.4, lower_teeth=.04, frown=.5, forehead=.7),
        dict(brow_inner=.16, brow_mid=.06, brow_outer=-.01, brow_squeeze=.06, lid_upper=.062,
             lid_lower=.012, lid_tilt=.12, mouth_width=.08, corners=-.07, open=.08,
             open_above=.1, squareness=1.6, lip=-.4, upper_teeth=.025, lower_teeth=.025,
             frown=.5, forehead=.7),
    ),
    'disgust': (
        dict(brow_inner=-.07, brow_mid=-.06, brow_outer=-.03, brow_squeeze=.02, lid_upper=-.04,
             lid_lower=-.024, cheek=.45, mouth_width=-.04, corners=-.06, lip_lift=.05, sneer=.045,
             open=.07, open_above=.45, upper_teeth=.045, lip=.1, nose_wrinkle=1.,
             frown=.3, chin_boss=.3),
        dict(brow_inner=-.07, brow_mid=-.06, brow_outer=-.03, brow_squeeze=.02, lid_upper=-.045,
             lid_lower=-.028, cheek=.45, mouth_width=-.05, corners=-.08, lip_lift=.06, sneer=.05,
             lip=.25, nose_wrinkle=1., frown=.3, chin_boss=.6),
    ),
    'happiness': (
        dict(brow_mid=.02, lid_upper=-.014, lid_lower=-.026, cheek=1., mouth_width=.11,
             corners=.14, open=.15, open_above=-.25, lip=-.2, upper_teeth=.075),
        dict(brow_mid=.02, lid_upper=-.018, lid_lower=-.03, cheek=1., mouth_width=.10,
             corners=.14, lip=-.15),
        dict(brow_mid=.02, lid_upper=-.014, lid_lower=-.028, cheek=1., mouth_width=.12,
             corners=.14, open=.09, open_above=-.25, lip=-.2, upper_teeth=.1),
    ),
    'sadness': (
        dict(brow_inner=.12, brow_mid=.0, brow_outer=-.06, brow_squeeze=.04, lid_upper=-.014,
             lid_tilt=.75, mouth_width=-.03, corners=-.12, chin_boss=1., frown=.3, forehead=.3),
    ),
    'anger': (
        dict(brow_inner=-.115, brow_mid=-.055, brow_outer=.05, brow_squeeze=.06, lid_upper=-.004,
             lid_lower=-.008, lid_tilt=-.75, mouth_width=-.01, corners=-.035, lip=-.62, frown=1.,
             chin_boss=.4),
        dict(brow_inner=-.115, brow_mid=-.055, brow_outer=.05, brow_squeeze=.06, lid_upper=.004,
             lid_lower=-.006, lid_tilt=-.75, mouth_width=.0, corners=-.03, open=.13,
             open_above=.15, squareness=3.5, lip=-.3, upper_teeth=.062, lower_teeth=.062,
             frown=1.),
    ),
    'neutral': ({},),
}
