"""Colours for colour-blind readers, in figures and in pictures."""

# Okabe and Ito, 'Color Universal Design' (2008); black last, so that few classes need it
OKABE_ITO = (
    '#0072B2',  # blue
    '#E69F00',  # orange
    '#009E73',  # bluish green
    '#D55E00',  # vermilion
    '#56B4E9',  # sky blue
    '#CC79A7',  # reddish purple
    '#F0E442',  # yellow
    '#000000',  # black
)
