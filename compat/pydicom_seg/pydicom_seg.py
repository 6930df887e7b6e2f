"""Stands in for pydicom-seg, which MONAI Label imports when it starts.

The last release of the real package (0.4.1, 2022) needs a private module that pydicom 3 no longer has,
so with it MONAI Label cannot even be imported. MONAI Label touches these names only to convert DICOM
SEG for its own DICOMweb datastore; radloop writes and reads SEG with highdicom (``radloop.dicom``).
"""

from typing import NoReturn


def _refuse(*_: object, **__: object) -> NoReturn:
    raise NotImplementedError(
        "MONAI Label's own conversion of DICOM SEG needs pydicom-seg, which does not work with pydicom 3; "
        "`radloop serve` reads and writes DICOM SEG itself"
    )


class MultiClassWriter:
    def __init__(self, *_: object, **__: object) -> None:
        _refuse()


class MultiClassReader:
    def __init__(self, *_: object, **__: object) -> None:
        _refuse()


class template:  # noqa: N801 - named as MONAI Label calls it
    from_dcmqi_metainfo = staticmethod(_refuse)
