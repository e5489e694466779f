from .dataset import GENERATOR_VERSION, contact_sheet, draw_dataset
from .expressions import EXPRESSIONS
from .face import draw_face

__all__ = ['EXPRESSIONS', 'GENERATOR_VERSION', 'contact_sheet', 'draw_dataset', 'draw_face']
