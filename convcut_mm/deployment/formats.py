"""Write ONNX files by PyTorch's exporter, and OpenVINO files from them."""

import warnings
from pathlib import Path
from typing import Any

import torch

from ..apis.backends.exported import require
from ..apis.backends.metadata import ModelInfo
from ..apis.backends.openvino_backend import SECTION, import_openvino
from ..version import __version__
from .graph import FaceGraph

OPSET = 18  # the exporter's own, so that it converts nothing


def write_onnx(graph: FaceGraph, info: ModelInfo, path: Path) -> None:
    """Write a graph as one ONNX file with weights and metadata.

    Args:
        graph (FaceGraph): On the CPU, in eval mode.
        info (ModelInfo): Its metadata.
        path (Path): The .onnx file.

    Raises:
        ConvcutError: onnx or onnxscript is not installed.
    """
    onnx = require('onnx')
    require('onnxscript')
    faces = torch.zeros(2, info.size, info.size, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch warns about its own internals
        program: Any = torch.onnx.export(
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
        # these hold stack traces with paths of this machine
        node.ClearField('metadata_props')
        node.ClearField('doc_string')
    model.producer_name, model.producer_version = 'convcut_mm', __version__
    onnx.helper.set_model_props(model, info.to_strings())
    path.write_bytes(model.SerializeToString())


def write_openvino(graph: FaceGraph, info: ModelInfo, path: Path) -> None:
    """Write a graph as OpenVINO's .xml and .bin.

    Args:
        graph (FaceGraph): On the CPU, in eval mode.
        info (ModelInfo): Its metadata.
        path (Path): The .xml file.

    Raises:
        ConvcutError: openvino, onnx or onnxscript is not installed.
    """
    openvino = import_openvino()
    between = path.with_suffix('.onnx')
    write_onnx(graph, info, between)
    model = openvino.convert_model(between)
    for name, text in info.to_strings().items():
        model.set_rt_info(text, [SECTION, name])
    # by default the weights become float16
    openvino.save_model(model, path, compress_to_fp16=False)
