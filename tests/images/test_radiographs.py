"""Radiographs in PNG, JPEG and NIfTI: what they show, which way up, and what is refused."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from radloop.images import Radiograph, read_radiograph, write_heat_map
from radloop.refusal import Refusal


def picture(rows=40, columns=30, highest=200):
    """(rows, columns) with no symmetry at all."""
    return np.linspace(0, highest, rows * columns).reshape(rows, columns).round()


def test_png_of_8_and_16_bits_columns_come_first(tmp_path):
    wide = picture(highest=60_000)
    Image.fromarray(picture().astype(np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(wide.astype(np.uint16)).save(tmp_path / "b.png")
    film = read_radiograph(tmp_path / "a.png")
    assert (film.pixels.shape, film.pixels.dtype) == ((30, 40), np.float32)
    np.testing.assert_array_equal(film.pixels.T, picture().astype(np.uint8))
    assert film.spacing_mm is None
    np.testing.assert_array_equal(read_radiograph(tmp_path / "b.png").pixels.T, wide)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_a_grey_picture_that_was_kept_in_colour_is_grey(mode, tmp_path):
    Image.fromarray(picture().astype(np.uint8)).convert("RGB" if "RGB" in mode else "L").convert(mode).save(
        tmp_path / "a.png"
    )
    np.testing.assert_array_equal(read_radiograph(tmp_path / "a.png").pixels.T, picture().astype(np.uint8))


def test_a_grey_jpeg_in_colour_is_grey_and_a_photograph_is_refused(tmp_path):
    smooth = Image.fromarray(picture(300, 200).astype(np.uint8))
    smooth.convert("RGB").save(tmp_path / "grey.jpg", quality=80)
    smooth.save(tmp_path / "plain.jpeg", quality=80)
    one, other = (read_radiograph(tmp_path / name).pixels for name in ("grey.jpg", "plain.jpeg"))
    assert np.abs(one - other).max() <= 2
    colours = np.random.default_rng(0).integers(0, 255, (60, 60, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "photo.jpg")
    with pytest.raises(Refusal, match=r"photo.jpg: is a colour picture"):
        read_radiograph(tmp_path / "photo.jpg")


def test_a_jpeg_that_says_it_lies_on_its_side_is_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the rows of the file are the columns, from the right
    Image.fromarray(picture(300, 200).astype(np.uint8)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    shown = read_radiograph(tmp_path / "a.jpg").pixels.T
    assert shown.shape == (200, 300)
    assert np.abs(shown - np.rot90(picture(300, 200), -1)).max() < 8


def itk_nifti(path, **places):
    image = sitk.GetImageFromArray(picture().astype(np.int16))
    image.SetSpacing((0.2, 0.3))
    for name, value in places.items():
        getattr(image, f"Set{name}")(value)
    sitk.WriteImage(image, str(path))
    return path


def test_nifti_of_two_dimensions_as_itk_writes_it(tmp_path):
    film = read_radiograph(itk_nifti(tmp_path / "a.nii.gz"))
    np.testing.assert_array_equal(film.pixels.T, picture())
    assert film.spacing_mm == pytest.approx((0.2, 0.3))
    assert film.flipped == (False, False)


@pytest.mark.parametrize(("x", "y"), [(-1, -1), (1, -1), (-1, 1), (1, 1)])
def test_nifti_is_turned_as_its_affine_says_and_the_heat_map_goes_back_into_the_file_s_order(x, y, tmp_path):
    upright = picture().T  # (x, y)
    stored = upright[:: -1 if x > 0 else 1, :: -1 if y > 0 else 1]
    nib.save(
        nib.Nifti1Image(stored[..., None].astype(np.float32), np.diag([0.2 * x, 0.2 * y, 1, 1])), tmp_path / "a.nii"
    )
    film = read_radiograph(tmp_path / "a.nii")
    np.testing.assert_array_equal(film.pixels, upright)
    assert bool(film.remarks) == (x > 0 or y > 0)

    write_heat_map(tmp_path / "map.nii.gz", film.pixels / 200, film)
    found = nib.load(tmp_path / "map.nii.gz")
    np.testing.assert_allclose(found.affine, nib.load(tmp_path / "a.nii").affine, atol=1e-6)
    np.testing.assert_allclose(np.asarray(found.dataobj)[..., 0], stored / 200, atol=1e-6)


def test_an_affine_of_plain_ones_tells_nothing(tmp_path):
    nib.save(nib.Nifti1Image(picture().T[..., None].astype(np.uint8), np.eye(4)), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_radiograph(tmp_path / "a.nii.gz").pixels.T, picture().astype(np.uint8))


@pytest.mark.parametrize("name", ["map.nii.gz", "map.nii", "map.nrrd"])
def test_a_heat_map_lies_where_itk_lays_the_picture(name, tmp_path):
    Image.fromarray(picture().astype(np.uint8)).save(tmp_path / "a.png")
    film = read_radiograph(tmp_path / "a.png")
    write_heat_map(tmp_path / name, None, film)
    image, found = sitk.ReadImage(str(tmp_path / "a.png")), sitk.ReadImage(str(tmp_path / name))
    assert found.GetSize() == (*image.GetSize(), 1)
    assert found.TransformIndexToPhysicalPoint((3, 5, 0))[:2] == pytest.approx(
        image.TransformIndexToPhysicalPoint((3, 5))
    )
    assert not sitk.GetArrayFromImage(found).any()


def bad_files(folder):
    whole = picture(300, 200).astype(np.uint8)
    Image.fromarray(whole).save(folder / "whole.jpg")
    Image.fromarray(whole).save(folder / "whole.png")
    for name in ("whole.jpg", "whole.png"):
        whole_file = (folder / name).read_bytes()
        (folder / name.replace("whole", "torn")).write_bytes(whole_file[: len(whole_file) // 2])
    (folder / "headless.png").write_bytes((folder / "whole.png").read_bytes()[:12])
    (folder / "text.png").write_text("this is no picture")
    (folder / "empty.jpg").touch()
    Image.fromarray(whole[:1, :1]).save(folder / "dot.png")
    Image.new("L", (20_000, 20_000)).save(folder / "huge.png", compress_level=1)
    Image.new("L", (13_000, 40), 7).save(folder / "long.png")
    Image.fromarray(np.full((40, 40), 9, np.uint8)).save(folder / "flat.png")
    Image.fromarray(whole).save(folder / "moving.png", save_all=True, append_images=[Image.fromarray(whole[::-1])])
    Image.fromarray(whole).convert("CMYK").save(folder / "print.jpg")
    nib.save(nib.Nifti1Image(np.random.default_rng(0).normal(size=(40, 40, 3)), np.eye(4)), folder / "volume.nii.gz")
    nib.save(nib.Nifti1Image(np.random.default_rng(0).normal(size=(40, 40, 1, 3)), np.eye(4)), folder / "cine.nii.gz")
    nib.save(nib.Nifti1Image(np.full((40, 40), np.nan, np.float32), np.eye(4)), folder / "nan.nii.gz")


BAD = {
    "torn.jpg": "TRUNCATED", "torn.png": "TRUNCATED", "headless.png": "DAMAGED", "text.png": "NOT_AN_IMAGE",
    "empty.jpg": "EMPTY_FILE", "absent.png": "NO_SUCH_FILE", "dot.png": "TOO_SMALL", "huge.png": "TOO_LARGE",
    "long.png": "TOO_LARGE", "flat.png": "CONSTANT", "moving.png": "SEVERAL_FRAMES", "print.jpg": "COLOUR",
    "volume.nii.gz": "SEVERAL_FRAMES", "cine.nii.gz": "SEVERAL_FRAMES", "nan.nii.gz": "NOT_FINITE",
}  # fmt: skip


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    bad_files(folder)
    return folder


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "code"), BAD.items())
def test_what_is_no_film_is_refused_in_one_sentence_that_names_it(name, code, bad):
    with pytest.raises(Refusal) as refused:
        read_radiograph(bad / name)
    assert (refused.value.code, name in refused.value.sentence) == (code, True)
    assert "\n" not in refused.value.sentence


def test_a_folder_is_no_film(tmp_path):
    with pytest.raises(Refusal, match="is not a file"):
        read_radiograph(tmp_path)


def test_values_go_back_into_the_order_of_the_file():
    film = Radiograph(np.arange(6, dtype=np.float32).reshape(3, 2), None, np.eye(4), flipped=(True, False))
    np.testing.assert_array_equal(film.in_file_order(film.pixels), [[4, 5], [2, 3], [0, 1]])
