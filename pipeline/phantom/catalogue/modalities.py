"""The joined catalogue: modalities by name and the twelve emulated repositories."""

from pipeline.phantom.catalogue.photographs import DERMOSCOPY, ENDOSCOPY, FUNDUS
from pipeline.phantom.catalogue.radiology import CT, MRI, XRAY
from pipeline.phantom.catalogue.tissue import HISTOPATHOLOGY, ULTRASOUND
from pipeline.phantom.catalogue.types import Modality, Source

MODALITIES: dict[str, Modality] = {
    modality.name: modality
    for modality in (XRAY, CT, MRI, FUNDUS, DERMOSCOPY, HISTOPATHOLOGY, ENDOSCOPY, ULTRASOUND)
}

SOURCES: tuple[Source, ...] = (
    Source(name="phantom/MIMIC-CXR", specialty="radiology", modality="xray"),
    Source(name="phantom/CheXpert", specialty="radiology", modality="xray"),
    Source(name="phantom/DeepLesion", specialty="radiology", modality="ct"),
    Source(name="phantom/LiTS", specialty="radiology", modality="ct"),
    Source(name="phantom/BraTS", specialty="radiology", modality="mri"),
    Source(name="phantom/IDRiD", specialty="ophthalmology", modality="fundus"),
    Source(name="phantom/MESSIDOR", specialty="ophthalmology", modality="fundus"),
    Source(name="phantom/HAM10000", specialty="dermatology", modality="dermoscopy"),
    Source(name="phantom/CAMELYON16", specialty="pathology", modality="histopathology"),
    Source(name="phantom/PanNuke", specialty="pathology", modality="histopathology"),
    Source(name="phantom/Kvasir", specialty="gastroenterology", modality="endoscopy"),
    Source(name="phantom/CAMUS", specialty="cardiology", modality="ultrasound"),
)
