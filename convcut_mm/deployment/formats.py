"""Writing the formats: ONNX by PyTorch's exporter, OpenVINO's from the ONNX file."""

import warnings
from pathlib import Path

import torch

from ..apis.backends.exported import require
from ..apis.backends.metadata import ModelInfo
from ..apis.backends.openvino_backend import SECTION, import_openvino
from ..version import __version__
from .graph import FaceGraph

OPSET = 18  # what PyTorch's exporter writes itself, without converting


def write_onnx(graph: FaceGraph, info: ModelInfo, path: Path) -> None:
    """Writes a graph as ONNX, weights and metadata in the one file.

    Args:
        graph (FaceGraph): On the CPU, in eval mode.
        info (ModelInfo): Its metadata.
        path (Path): The file.

    Raises:
        ConvcutError: onnx or onnxscript is missing.
    """
    onnx = require('onnx')
    require('onnxscript')
    faces = torch.zeros(2, info.size, info.size, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of torch about itself
        program = torch.onnx.export(
            graph,
            (faces,),
            input_names=['faces'],
            output_names=['probabilities'],
            dynamic_shapes=({0: 'batch'},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    for node in model.graph.node:
        # stack traces with the paths of this machine
        node.ClearField('metadata_props')
        node.ClearField('doc_string')
    model.producer_name, model.producer_version = 'convcut_mm', __version__
    onnx.helper.set_model_props(model, info.to_strings())
    path.write_bytes(model.SerializeToString())


def write_openvino(graph: FaceGraph, info: ModelInfo, path: Path) -> None:
    """Writes a graph as OpenVINO's .xml and .bin.

    Args:
        graph (FaceGraph): On the CPU, in eval mode.
        info (ModelInfo): Its metadata.
        path (Path): The .xml file.

    Raises:
        ConvcutError: openvino, onnx or onnxscript is missing.
    """
    openvino = import_openvino()
    between = path.with_suffix('.onnx')
    write_onnx(graph, info, between)
    model = openvino.convert_model(between)
    for name, text in info.to_strings().items():
        model.set_rt_info(text, [SECTION, name])
    # by default it halves the weights
    openvino.save_model(model, path, compress_to_fp16=False)
