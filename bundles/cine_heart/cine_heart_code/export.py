"""The network as ONNX, with any number of slices, frames and pixels."""

import warnings
from pathlib import Path

import torch
from torch import nn


def export_onnx(network: nn.Module, path: str) -> str:
    """Write ``network`` to ``path``: input ``image`` (B, 3, T, H, W), output ``pred`` (B, 4, T, H, W), logits.

    The network is scripted first, so that the loop over frames becomes a loop of ONNX; tracing would
    freeze the number of frames it was shown without a word.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".new")
    scripted = torch.jit.script(network.cpu().eval())
    axes = {0: "slices", 2: "frames", 3: "height", 4: "width"}
    with warnings.catch_warnings():
        # torch announces that this exporter will be replaced; its successor fixes the number of frames.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            scripted,
            (torch.rand(2, 3, 3, 64, 48),),
            str(temporary),
            input_names=["image"],
            output_names=["pred"],
            dynamic_axes={"image": axes, "pred": axes},
            dynamo=False,
            opset_version=18,
        )
    temporary.replace(target)
    return path
