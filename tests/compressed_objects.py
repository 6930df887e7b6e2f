"""DICOM objects compressed as archives compress them."""

from pathlib import Path

import gdcm
import pydicom

COMPRESSIONS = {
    "1.2.840.10008.1.2.4.57": gdcm.TransferSyntax.JPEGLosslessProcess14,
    "1.2.840.10008.1.2.4.70": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "1.2.840.10008.1.2.4.80": gdcm.TransferSyntax.JPEGLSLossless,
    "1.2.840.10008.1.2.4.90": gdcm.TransferSyntax.JPEG2000Lossless,
    "1.2.840.10008.1.2.5": gdcm.TransferSyntax.RLELossless,
}


def compress(path: Path, syntax: str) -> None:
    """Rewrite an object as an archive that compresses without loss would hold it."""
    reader, writer, packed = gdcm.ImageReader(), gdcm.ImageWriter(), gdcm.ImageChangeTransferSyntax()
    reader.SetFileName(str(path))
    assert reader.Read()
    packed.SetTransferSyntax(gdcm.TransferSyntax(COMPRESSIONS[syntax]))
    packed.SetInput(reader.GetImage())
    assert packed.Change()
    writer.SetFileName(str(path.with_suffix(".packed")))
    writer.SetFile(reader.GetFile())
    writer.SetImage(packed.GetOutput())
    assert writer.Write()

    ds = pydicom.dcmread(path)  # of what gdcm wrote only the pixels: it writes the geometry of multi-frame objects anew
    ds.PixelData = pydicom.dcmread(path.with_suffix(".packed")).PixelData
    ds["PixelData"].VR = "OB"
    ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(path)
    path.with_suffix(".packed").unlink()
