"""The exported network says what the network says, for numbers of pictures it was not exported with."""

import numpy as np
import onnxruntime
import pytest
import torch

from cxr_classifier_code.export import export_onnx
from cxr_classifier_code.inference import ready
from radloop import places


@pytest.mark.parametrize("variant", ["adult", "pneumoniamnist"])
def test_onnx_says_the_same(variant, tmp_path):
    inferer, network = ready(str(places.bundles() / "cxr_classifier"), variant)
    exported = onnxruntime.InferenceSession(export_onnx(network, inferer.size, str(tmp_path / "model.onnx")))
    for count in (1, 5):
        pictures = torch.randn(count, 1, inferer.size, inferer.size)
        with torch.inference_mode():
            expected = network(pictures).numpy()
        (found,) = exported.run(None, {"image": pictures.numpy()})
        np.testing.assert_allclose(found, expected, atol=1e-3)
