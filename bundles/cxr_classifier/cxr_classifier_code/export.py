"""The network as ONNX, for any number of pictures of the size that it was trained with."""

import warnings
from pathlib import Path

import torch

from cxr_classifier_code.network import Classifier


def export_onnx(network: Classifier, size: int, path: str) -> str:
    """Write ``network`` to ``path``: input ``image`` (B, 1, size, size) standardised, output ``pred`` (B, K) logits.

    Preparing pictures, calibration and abstention are not in it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".new")
    with warnings.catch_warnings():
        # torch announces that this exporter will be replaced.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.cpu().eval(),
            (torch.rand(2, 1, size, size),),
            str(temporary),
            input_names=["image"],
            output_names=["pred"],
            dynamic_axes={"image": {0: "pictures"}, "pred": {0: "pictures"}},
            dynamo=False,
            opset_version=18,
        )
    temporary.replace(target)
    return path
