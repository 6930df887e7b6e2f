"""DICOMweb (PS3.18): searching, fetching and storing DICOM objects, over a folder or over another server.

    Archive(folder)       what a folder holds, offered and found cines in
    RemoteArchive(url)    the same over a server elsewhere (Orthanc, dcm4chee)

Both answer the same calls; ``open_archive`` takes a folder or an address. Cines are images by the
Series Instance UID of their (first) series.
"""

from radloop.dicom.web.archive import Archive
from radloop.dicom.web.offer import Frames, Offer, Stored
from radloop.dicom.web.remote import RemoteArchive, open_archive

__all__ = ["Archive", "Frames", "Offer", "RemoteArchive", "Stored", "open_archive"]
