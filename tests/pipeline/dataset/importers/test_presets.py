"""Each preset on a few rows in the form its set is published in, with images made here."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pydicom
import pytest
from pydicom.data import DATA_ROOT

from pipeline.dataset.importers.mapping import load_mapping, presets
from tests.pipeline.dataset.importers.cases import dialogues, imported, needs_real_data, real
from tests.pipeline.dataset.importers.cases import picture as write_picture

CHEXPERT = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,"
CHEXPERT += "Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,"
CHEXPERT += "Pleural Effusion,Pleural Other,Fracture,Support Devices"
FILM = "files/p10/p10000032/s50414267/d1.jpg"


def table(folder, name, header, *rows):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([header.split(","), *rows])


def picture(folder, name):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_picture(folder, name, size=(100, 80))


def film(folder, name):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(DATA_ROOT) / "test_files" / "CT_small.dcm", folder / name)


def path_vqa(folder):
    picture(folder, "x.png")
    row = {
        "image": {"bytes": (folder / "x.png").read_bytes(), "path": "x.png"},
        "question": "Is it?",
        "answer": "no",
    }
    (folder / "data").mkdir()
    pq.write_table(pa.Table.from_pylist([row]), folder / "data" / "test-00000.parquet")


def pmc_vqa(folder):
    header = "index,Figure_path,Caption,Question,Choice A,Choice B,Choice C,Choice D,Answer,split"
    options = [" A:CT ", " B:MRI ", " C:PET ", " D:X-ray "]
    table(folder, "test_2.csv", header, [0, "f.jpg", "", "Which?", *options, "B", "test"])
    picture(folder, "figures/f.jpg")


def omnimedvqa(folder):
    row = {
        "dataset": "ACRIMA",
        "question_id": "ACRIMA_0000",
        "question": "Which?",
        "gt_answer": "Fundus",
        "image_path": "Images/a.png",
        "option_A": "CT",
        "option_B": "Fundus",
        "modality_type": "Fundus Photography",
    }
    target = folder / "QA_information/Open-access"
    target.mkdir(parents=True)
    (target / "ACRIMA.json").write_text(json.dumps([row]))
    picture(folder, "Images/a.png")


def mimic_diff_vqa(folder):
    header = "study_id,subject_id,ref_id,question_type,question,answer,split"
    rows = [
        [50414267, 10000032, 1, "presence", "is there edema?", "no", "test"],
        [50414267, 10000032, 1, "difference", "what has changed?", "nothing", "test"],
        [50414267, 10000032, 1, "presence", "is there mass?", "no", "train"],
    ]
    table(folder, "mimic_pair_questions.csv", header, *rows)
    table(folder, "mimic_all.csv", "subject_id,study_id,dicom_id", [10000032, 50414267, "d1"])
    picture(folder, FILM)


def ms_cxr(folder):
    header = "category_name,label_text,path,x,y,w,h,dicom_id,image_width,image_height"
    rows = [
        ["Pneumothorax", "left apical", FILM, 5, 6, 20, 30, "d1", 100, 80],
        ["Edema", "mild", FILM, 50, 40, 20, 30, "d1", 100, 80],
    ]
    table(folder, "MS_CXR_Local_Alignment_v1.1.0.csv", header, *rows)
    picture(folder, FILM)


def vindr_cxr(folder):
    header = "image_id,rad_id,class_name,x_min,y_min,x_max,y_max"
    rows = [
        ["a", "R1", "Nodule/Mass", 10, 10, 40, 40],
        ["a", "R2", "Nodule/Mass", 12, 10, 41, 39],
        ["a", "R3", "No finding", "", "", "", ""],
        ["a", "R3", "ILD", 80, 80, 99, 99],
    ]
    table(folder, "annotations/annotations_train.csv", header, *rows)
    film(folder, "train/a.dicom")


def rsna_pneumonia(folder):
    header = "patientId,x,y,width,height,Target"
    table(
        folder,
        "stage_2_train_labels.csv",
        header,
        ["a", 10, 10, 30, 30, 1],
        ["a", 80, 10, 30, 30, 1],
        ["b", "", "", "", "", 0],
    )
    film(folder, "stage_2_train_images/a.dcm")
    film(folder, "stage_2_train_images/b.dcm")


def padchest_gr(folder):
    finding = {
        "sentence_en": "Nodule.",
        "abnormal": True,
        "boxes": [[0.1, 0.1, 0.3, 0.3], [0.6, 0.5, 0.8, 0.9]],
        "labels": ["nodule"],
    }
    study = {"StudyID": "s", "ImageID": "i.png", "findings": [finding]}
    (folder / "grounded_reports_20240819.json").write_text(json.dumps([study]))
    picture(folder, "PadChest_GR/i.png")


def chexpert(folder):
    path = "CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg"
    states = ["0.0", "1.0", "", "-1.0", *["0.0"] * 10]
    row = [path, "Male", 73, "Frontal", "AP", *states]
    table(folder, "CheXpert-v1.0-small/valid.csv", CHEXPERT, row)
    picture(folder, path)


def ham10000(folder):
    header = "lesion_id,image_id,dx,dx_type,age,sex,localization"
    table(folder, "HAM10000_metadata.csv", header, ["L", "I", "mel", "histo", 80, "male", "scalp"])
    picture(folder, "images/I.jpg")


def idrid_grading(folder):
    base = "B. Disease Grading"
    table(
        folder,
        f"{base}/2. Groundtruths/b. IDRiD_Disease Grading_Testing Labels.csv",
        "Image name,Retinopathy grade,Risk of macular edema ",
        ["IDRiD_001", 4, 0],
    )
    picture(folder, f"{base}/1. Original Images/b. Testing Set/IDRiD_001.jpg")


def kvasir_vqa(folder):
    rows = [["HyperKvasir", "Is there a polyp?", "Yes", "c1"]]
    table(folder, "metadata.csv", "source,question,answer,img_id", *rows)
    picture(folder, "images/c1.jpg")


def lidc(folder):
    contour = {"inclusion": 1, "dicom_file_name": "43.dcm"}
    shapes = ("10,10\n40,12\n38,40\n11,38", "12,11\n41,12\n38,41")
    annotations = [
        {"id": n, "contours": [{**contour, "coords": shape}]} for n, shape in enumerate(shapes)
    ]
    scan = {"patient_id": "LIDC-IDRI-0078", "annotations": annotations}
    (folder / "annotations.json").write_text(json.dumps([scan]))
    film(folder, "LIDC-IDRI-0078/43.dcm")


SETS = {
    "path-vqa": (path_vqa, ["boolean"]),
    "pmc-vqa": (pmc_vqa, ["choice"]),
    "omnimedvqa": (omnimedvqa, ["choice"]),
    "mimic-diff-vqa": (mimic_diff_vqa, ["boolean"]),
    "ms-cxr": (ms_cxr, ["boolean", "boolean", "region", "region", "region"]),
    "vindr-cxr": (vindr_cxr, ["boolean", "region", "region"]),
    "rsna-pneumonia": (
        rsna_pneumonia,
        ["boolean", "boolean", "number", "region", "region", "region"],
    ),
    "padchest-gr": (padchest_gr, ["boolean", "region", "region", "region"]),
    "chexpert": (chexpert, ["boolean", "boolean", "boolean"]),
    "ham10000": (ham10000, ["concept"]),
    "idrid-grading": (idrid_grading, ["concept"]),
    "kvasir-vqa": (kvasir_vqa, ["boolean"]),
    "lidc": (lidc, ["boolean", "region", "region"]),
}


@pytest.mark.parametrize("preset", SETS)
def test_a_preset_reads_its_set_s_columns(preset, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    make, types = SETS[preset]
    make(source)
    report = imported(preset, source, tmp_path / "d")
    made = dialogues(tmp_path / "d")
    assert not report.dropped
    assert not report.gold_below_one
    assert sorted(t.answer_type for d in made for t in d.turns) == types


def test_readers_are_fused_and_their_agreement_is_kept(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    vindr_cxr(source)
    imported("vindr-cxr", source, tmp_path / "d")
    (dialogue,) = dialogues(tmp_path / "d")
    (region,) = dialogue.regions  # what one reader alone saw is left out
    assert region.box == (11.0, 10.0, 40.5, 39.5)
    places = [t for t in dialogue.turns if t.answer_type == "region"]
    assert [t.agreement for t in places] == [pytest.approx(2 / 3)] * 2


@pytest.mark.parametrize("preset", presets())
def test_presets_say_their_licence_access_and_measures(preset):
    mapping = load_mapping(preset)
    assert mapping.licence
    assert mapping.measures
    assert mapping.columns_from in ("files read in tests", "published tables")
    if mapping.columns_from == "published tables":
        assert preset in SETS


@needs_real_data
def test_contours_of_four_readers_become_boxes_on_their_slices(tmp_path):
    source = tmp_path / "source"
    large = pydicom.dcmread(Path(DATA_ROOT) / "test_files" / "CT_small.dcm")
    large.Rows = large.Columns = 512
    large.PixelData = large.PixelData * 16
    scans = json.loads((real("lidc") / "annotations.excerpt.json").read_text())
    for scan in scans:
        for annotation in scan["annotations"]:
            for contour in annotation["contours"]:
                name = f"{scan['patient_id']}/{contour['dicom_file_name']}"
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                large.save_as(source / name)
    shutil.copy(real("lidc") / "annotations.excerpt.json", source / "annotations.json")
    report = imported("lidc", source, tmp_path / "d")
    assert not report.dropped
    assert report.measures["visual_consistency"] == 45
    assert not report.gold_below_one
