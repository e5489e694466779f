from .dataset import GENERATOR_VERSION, contact_sheet, render_dataset
from .expressions import EXPRESSIONS
from .face import render_face

__all__ = ['EXPRESSIONS', 'GENERATOR_VERSION', 'contact_sheet', 'render_dataset', 'render_face']
