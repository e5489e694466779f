"""What limits any figure on a data set: copies across its splits, and labels that disagree."""

from .copies import KINDS, Agreement, CopiesReport, Pair, report_copies
from .labelled_images import LabelledImages, images_of_config, images_of_folders
from .panel import PanelBound, panel_bound

__all__ = [
    'KINDS',
    'Agreement',
    'CopiesReport',
    'LabelledImages',
    'Pair',
    'PanelBound',
    'images_of_config',
    'images_of_folders',
    'panel_bound',
    'report_copies',
]
