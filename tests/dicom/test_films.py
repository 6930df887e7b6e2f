"""Radiographs as DICOM: every way to write the same picture reads as the same picture."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from compressed_objects import COMPRESSIONS, compress
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from radloop.dicom import read_film
from radloop.dicom.elements import with_meta
from radloop.refusal import Refusal

CR, DX, SC = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.7"
ROWS, COLUMNS = 64, 48


def shown():
    """(rows, columns) of 0 to 250: what a reader sees, with no symmetry."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    return np.round(250 * ((x / COLUMNS) ** 2 + y / ROWS) / 2).astype(np.uint8)


def film(pixels, *, sop_class=CR, bits=8, photometric="MONOCHROME2", signed=False, **elements):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.Modality = "DX" if sop_class == DX else "CR"
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = 8 if bits == 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    kind = {(8, False): np.uint8, (8, True): np.int8}.get((bits, signed), np.int16 if signed else np.uint16)
    ds.PixelData = pixels.astype(kind).tobytes()
    for name, value in elements.items():
        setattr(ds, name, value)
    return with_meta(ds)


def written(path, dataset):
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def normalised(path):
    pixels = read_film(path).pixels.T
    return (pixels - pixels.min()) / np.ptp(pixels)


WANTED = (shown() - shown().min()) / np.ptp(shown())


def ways():
    p = shown().astype(np.int32)
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [256, 0, 16], (4 * np.arange(256)).astype(np.uint16).tobytes()
    lut.ModalityLUTType = "US"
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    palette = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in ("Red", "Green", "Blue")}
    palette |= {f"{name}PaletteColorLookupTableData": ramp.tobytes() for name in ("Red", "Green", "Blue")}
    colour = np.repeat(p[..., None], 3, axis=2)
    ycbcr = np.stack([p, np.full_like(p, 128), np.full_like(p, 128)], axis=2)
    return {
        "cr 8": film(p),
        "dx 12": film(p * 16, sop_class=DX, bits=12),
        "sc 16": film(p * 200, sop_class=SC, bits=16),
        "10 bits": film(p * 4, bits=10),
        "signed": film(p * 16 - 2000, bits=13, signed=True),
        "negative": film(250 - p, photometric="MONOCHROME1"),
        "negative 12, rescaled": film(
            4000 - p * 16, bits=12, photometric="MONOCHROME1", RescaleSlope=2, RescaleIntercept=-9
        ),
        "rescaled downwards": film(250 - p, RescaleSlope=-1, RescaleIntercept=0),
        "window over all": film(p * 16, bits=12, WindowCenter=2000.5, WindowWidth=4001),
        "window over all, exact": film(
            p * 16, bits=12, WindowCenter=2000, WindowWidth=4000, VOILUTFunction="LINEAR_EXACT"
        ),
        "window of nothing": film(p, WindowCenter=9000, WindowWidth=1),
        "width of zero": film(p, WindowCenter=100, WindowWidth=0),
        "modality table": film(p, ModalityLUTSequence=[lut]),
        "overlay in the high bits": film(p * 16 + (p % 2) * 4096, bits=12),
        "rgb": film(colour, photometric="RGB", sop_class=SC),
        "ybr": film(ycbcr, photometric="YBR_FULL", sop_class=SC),
        "palette": film(p, photometric="PALETTE COLOR", sop_class=SC, **palette),
    }  # fmt: skip


@pytest.mark.parametrize("way", ways())
def test_every_way_to_write_a_film_shows_the_same(way, tmp_path):
    file = written(tmp_path / "film.dcm", ways()[way])
    np.testing.assert_allclose(normalised(file), WANTED, atol=0.003)


@pytest.mark.parametrize("way", ["cr 8", "dx 12", "sc 16", "negative", "rgb"])
def test_it_shows_what_the_png_of_it_shows(way, tmp_path):
    Image.fromarray(shown()).save(tmp_path / "film.png")
    np.testing.assert_allclose(
        normalised(written(tmp_path / "film", ways()[way])), normalised(tmp_path / "film.png"), atol=1e-6
    )


@pytest.mark.parametrize("syntax", COMPRESSIONS)
@pytest.mark.parametrize("way", ["cr 8", "negative 12, rescaled"])
def test_compressed_without_loss_it_shows_the_same(syntax, way, tmp_path):
    file = written(tmp_path / "film.dcm", ways()[way])
    compress(file, syntax)
    assert pydicom.dcmread(file).file_meta.TransferSyntaxUID == syntax
    np.testing.assert_allclose(normalised(file), WANTED, atol=0.003)


def test_a_window_is_applied(tmp_path):
    file = written(tmp_path / "film.dcm", film(shown(), WindowCenter=100, WindowWidth=100))
    pixels = normalised(file)
    np.testing.assert_array_equal(pixels == 0, shown() <= 50)
    assert (pixels == 1).mean() == pytest.approx((shown() > 149).mean(), abs=0.01)


def test_padding_is_dark_also_in_a_negative(tmp_path):
    pixels = 250 - shown()
    pixels[:, :5] = 0  # would come out brightest
    file = written(tmp_path / "film.dcm", film(pixels, photometric="MONOCHROME1", PixelPaddingValue=0))
    assert not normalised(file)[:, :5].any()
    np.testing.assert_allclose(normalised(file)[:, 8:], WANTED[:, 8:], atol=0.02)


def test_spacing_is_that_of_the_patient_else_of_the_detector(tmp_path):
    one = written(tmp_path / "a.dcm", film(shown(), PixelSpacing=[0.3, 0.2], ImagerPixelSpacing=[0.4, 0.4]))
    other = written(tmp_path / "b.dcm", film(shown(), ImagerPixelSpacing=[0.4, 0.5]))
    assert read_film(one).spacing_mm == (0.2, 0.3)
    assert read_film(other).spacing_mm == (0.5, 0.4)


@pytest.mark.parametrize(
    ("said", "words"),
    [({"Modality": "CT"}, "a CT slice"), ({"ViewPosition": "LL"}, "lateral"), ({"ViewPosition": "PA"}, "")],
)
def test_a_header_may_say_that_it_is_no_frontal_film(said, words, tmp_path):
    told = read_film(written(tmp_path / "a.dcm", film(shown(), **said))).no_chest_film
    assert words in told
    assert bool(told) == bool(words)


def test_a_bare_data_set_without_preamble_is_read(tmp_path):
    dataset = film(shown())
    del dataset.file_meta
    pydicom.dcmwrite(tmp_path / "bare", dataset, implicit_vr=False, little_endian=True)
    np.testing.assert_allclose(normalised(tmp_path / "bare"), WANTED, atol=1e-6)


def bad():
    colours = np.random.default_rng(0).integers(0, 255, (ROWS, COLUMNS, 3))
    without = film(shown())
    del without.PixelData
    cut = film(shown())
    cut.PixelData = cut.PixelData[:1000]
    moving = film(shown(), NumberOfFrames=3)
    moving.PixelData = moving.PixelData * 3
    vast = film(shown())
    vast.Rows = vast.Columns = 20_000
    return {
        "COLOUR": film(colours, photometric="RGB", sop_class=SC),
        "NO_PIXELS": without,
        "DAMAGED": cut,
        "SEVERAL_FRAMES": moving,
        "TOO_LARGE": vast,
        "TOO_SMALL": film(shown()[:20]),
        "CONSTANT": film(np.full((ROWS, COLUMNS), 3)),
    }


@pytest.mark.parametrize("code", bad())
def test_what_is_no_film_is_refused(code, tmp_path):
    file = written(tmp_path / "film.dcm", bad()[code])
    with pytest.raises(Refusal, match=r"film\.dcm") as refused:
        read_film(file)
    assert refused.value.code == code


def test_a_damaged_header_is_not_quoted(tmp_path):
    without = film(shown(), Modality="C\nR\x07" * 30)
    del without.PixelData
    pydicom.dcmwrite(tmp_path / "film.dcm", without)
    with pytest.raises(Refusal) as refused:
        read_film(tmp_path / "film.dcm")
    assert refused.value.sentence == "film.dcm: is an object without pixels; a radiograph is needed."


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5"])
def test_a_compressed_file_that_was_cut_short_is_refused(syntax, tmp_path):
    whole = written(tmp_path / "whole.dcm", film(shown()))
    compress(whole, syntax)
    (tmp_path / "cut.dcm").write_bytes(whole.read_bytes()[:-300])
    with pytest.raises(Refusal, match=r"cut\.dcm: is damaged or cut short"):
        read_film(tmp_path / "cut.dcm")


@pytest.mark.parametrize("size", [140, 300, 1000])
def test_a_file_that_was_cut_short_is_refused(size, tmp_path):
    whole = written(tmp_path / "whole.dcm", film(shown())).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:size])
    with pytest.raises(Refusal, match=r"cut\.dcm"):
        read_film(tmp_path / "cut.dcm")


@pytest.mark.parametrize(
    "name",
    ["examples_ybr_color.dcm", "examples_palette.dcm", "MR_truncated.dcm", "test-SR.dcm", "waveform_ecg.dcm",
     "rtdose.dcm", "SC_rgb_jpeg_gdcm.dcm", "JPEG-lossy.dcm"],
)  # fmt: skip
def test_real_objects_that_are_no_film_are_refused(name):
    file = get_testdata_file(name, download=False)
    with pytest.raises(Refusal, match=name):
        read_film(Path(file))


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm", "693_J2KI.dcm"]
)
def test_real_slices_are_read_and_called_what_they_are(name):
    assert "not a radiograph" in read_film(Path(get_testdata_file(name, download=False))).no_chest_film


def test_deflated_is_read():
    assert read_film(Path(get_testdata_file("image_dfl.dcm", download=False))).pixels.shape == (512, 512)


def test_real_films_are_read_the_right_way_round(real_data):
    folder = real_data / "dicom" / "cxr"
    for name in ("rsna_2.dcm", "rsna_4.dcm", "siim_1.dcm"):
        read = read_film(folder / name)
        assert (read.pixels.shape, read.inverted) == ((1024, 1024), False)
        assert read.spacing_mm is not None
