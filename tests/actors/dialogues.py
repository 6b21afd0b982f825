"""Small hand-made dialogues."""

from dataclasses import replace

from actors.schema import Dialogue, Finding, Image, Region, Turn


def image(image_id: str, role: str = "current", days_before: int = 0) -> Image:
    return Image(
        image_id=image_id,
        uri=f"images/{image_id}.png",
        sha256="0" * 64,
        width=200,
        height=100,
        role=role,
        days_before=days_before,
    )


def turn(number: int, question: str = "Is there a nodule?", **changes: object) -> Turn:
    base = Turn(turn=number, question=question, answer_type="boolean", answer="yes")
    return replace(base, **changes)


def dialogue(*turns: Turn, **changes: object) -> Dialogue:
    base = Dialogue(
        dialogue_id="d1",
        patient_id="p1",
        specialty="radiology",
        modality="xray",
        source="phantom/test",
        health_system="western",
        language="en",
        release="2026Q3",
        images=(image("now"), image("then", "prior", 90)),
        regions=(
            Region(
                region_id="r1",
                image_id="now",
                referent_id="n1",
                site="left_upper_zone",
                box=(20.0, 10.0, 60.0, 50.0),
            ),
        ),
        findings=(Finding(concept="nodule", present=True, image_id="now", referent_id="n1"),),
        turns=turns,
    )
    return replace(base, **changes)
