from .drawn_faces import DrawnFaces
from .fer_dataset import FERDataset
from .ferplus import FERPlus
from .rafdb import RAFDB

__all__ = ['DrawnFaces', 'FERDataset', 'FERPlus', 'RAFDB']
