from .drawn_faces import DrawnFaces
from .face_folder import FaceFolder
from .fer_dataset import FERDataset
from .ferplus import FERPlus
from .rafdb import RAFDB
from .samplers import ClassBalancedSampler

__all__ = ['ClassBalancedSampler', 'DrawnFaces', 'FERDataset', 'FERPlus', 'FaceFolder', 'RAFDB']
