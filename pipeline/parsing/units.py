"""Units of measured values and how they convert.

In: a unit as a model or an annotation writes it. Out: what it measures and its factor.
"""

import re

# what is measured -> factor to its base unit -> names of the unit
_MEASURES: dict[str, dict[float, str]] = {
    "length": {
        1e-6: "nm nanometer nanometre",
        1e-3: "um µm μm micron micrometer micrometre 微米",
        1.0: "mm millimeter millimetre 毫米 ㎜ milímetro millimètre",
        10.0: "cm centimeter centimetre 厘米 公分 ㎝ centímetro centimètre zentimeter",
        100.0: "dm decimeter decimetre",
        1000.0: "m meter metre",
        25.4: "inch",
    },
    "area": {
        1.0: "mm2 mm² mm^2 square_millimeter square_millimetre square_mm sq_mm sq._mm",
        100.0: "cm2 cm² cm^2 square_centimeter square_centimetre square_cm sq_cm sq._cm",
        1e6: "m2 m² m^2",
    },
    "volume": {
        1.0: "mm3 mm³ mm^3 µl μl ul microliter microlitre cubic_millimeter cubic_millimetre "
        "cubic_mm",
        1000.0: "cm3 cm³ cm^3 ml milliliter millilitre cc ccm cubic_centimeter cubic_centimetre "
        "cubic_cm 毫升 mililitro",
        1e4: "cl centiliter centilitre",
        1e5: "dl deciliter decilitre",
        1e6: "l liter litre dm3 dm³ dm^3 升 litro",
    },
    "share": {1.0: "% ％ percent per_cent pct"},
    "angle": {1.0: "° degree deg"},
    "attenuation": {1.0: "hu hounsfield_unit hounsfield"},
}
_UNITS = {
    name.replace("_", " "): (kind, factor)
    for kind, factors in _MEASURES.items()
    for factor, names in factors.items()
    for name in names.split()
}
MEASURED = frozenset(_MEASURES)
KNOWN = r"|".join(
    re.escape(unit).replace(r"\ ", r"[\s-]{1,2}")
    + ("e?s?" if unit[-1:].isalpha() and len(unit) > 3 else "")
    for unit in sorted(_UNITS, key=len, reverse=True)
)
# Units that nothing converts to: what carries one is neither a bare value nor a count.
FOREIGN = (
    r"px|pixels?|voxels?|dpi|pts?|mm\s?hg|kpa|mpa|cm\s?h2o|k?hz|mhz|bpm|db|kvp?|mas?|m?gy|m?sv|"
    r"kg|kilograms?|grams?|mg|µg|mcg|lbs?|pounds?|ounces?|oz|"
    r"years?|yrs?|y/o|yo|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|ms|"
    r"(?:centi|milli)?met(?:er|re)s? per|m/s|cm/s|mm/s|m[lL]/min|ng/ml|mg/dl|mmol(?:/l)?|"
    r"in(?=\s*(?:$|[.,;)]))|fold|times|x|french|fr|gauge|diopt(?:er|re)s?|feet|foot|ft|yards?|miles?|km|"
    r"disc diameters?|dd|hpfs?|fps|frames?|slices?|images?|stars?|points?|rpm|ev|kev|ppm"
)


def measure(unit: str | None) -> tuple[str | None, float]:
    """Return what a unit measures and its factor; an unknown unit measures only itself."""
    if unit is None:
        return None, 1.0
    name = re.sub(r"[\s-]+", " ", unit.lower()).strip()
    if name not in _UNITS:
        name = name.rstrip(".")
    for form in (name, name.removesuffix("s"), name.removesuffix("es")):
        if form in _UNITS:
            return _UNITS[form]
    return name.removesuffix("s"), 1.0
