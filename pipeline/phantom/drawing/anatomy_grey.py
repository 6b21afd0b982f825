"""Lesion-free backgrounds of the grey modalities: chest film, CT, MRI, echo.

Each function takes a generator and a size (width, height) and returns a canvas [1, h, w], 0..255.
"""

import numpy as np

from pipeline.phantom.drawing.canvas import (
    Array,
    Size,
    blend,
    cover,
    ellipse,
    fill,
    grid,
    smooth_noise,
    stamp,
)


def chest_film(rng: np.random.Generator, size: Size) -> Array:
    """Draw a frontal chest film: torso, two lungs, ribs, clavicles, spine, heart, diaphragm."""
    x, y = grid(size)
    shift = rng.uniform(-0.012, 0.012)
    canvas = fill(size, 10.0)
    stamp(canvas, (0.5, 0.62), (0.49, 0.66), 150.0, 0.05)
    stamp(canvas, (0.5 + shift, 0.04), (0.11, 0.14), 150.0, 0.1)
    lungs = np.zeros_like(canvas[0])
    for centre in (0.28, 0.72):
        lung = cover(ellipse(size, (centre + shift, 0.49), (0.185, 0.36)), 0.09)
        lungs = np.maximum(lungs, lung)
    dome = 0.84 - 0.06 * np.cos((np.abs(x - 0.5 - shift) - 0.22) * 9)
    lungs = lungs * np.clip((dome - y) * 40 + 0.5, 0, 1)
    blend(canvas, lungs, 52.0)
    arch = (y - 0.1 - 0.55 * (np.abs(x - 0.5) - 0.2) ** 2 * 4 - rng.uniform(0, 0.01)) * 10.5
    ribs = np.clip((np.cos(arch * 6.2832) - 0.62) * 4, 0, 1)
    canvas += lungs * ribs * np.float32(30)
    blend(canvas, 0.65 * cover(0.042 - np.abs(x - 0.5 - shift) + 0 * y, 0.03), 205.0)
    heart = cover(ellipse(size, (0.545 + shift, 0.65), (0.125, 0.16)), 0.14)
    blend(canvas, 0.85 * heart, 178.0)
    for side in (-1, 1):
        line = y - (0.155 + 0.13 * side * (x - 0.5 - shift))
        bone = cover(0.013 - np.abs(line), 0.01) * ((x - 0.5) * side > 0.05) * (y < 0.4)
        blend(canvas, 0.55 * bone, 215.0)
    return canvas + 5 * smooth_noise(rng, size, 56)


def abdominal_slice(rng: np.random.Generator, size: Size) -> Array:
    """Draw an axial CT at kidney level: skin, fat, muscle ring, organs, spine."""
    canvas = fill(size, 4.0)
    wide, tall = rng.uniform(0.455, 0.475), rng.uniform(0.43, 0.45)
    stamp(canvas, (0.5, 0.52), (wide, tall), 170.0, 0.03)
    stamp(canvas, (0.5, 0.52), (wide - 0.012, tall - 0.014), 62.0, 0.03)
    stamp(canvas, (0.5, 0.52), (wide - 0.05, tall - 0.06), 108.0, 0.03)
    stamp(canvas, (0.5, 0.51), (wide - 0.07, tall - 0.085), 76.0, 0.03)
    stamp(canvas, (0.27, 0.43), (0.2, 0.2), 138.0, 0.07)
    stamp(canvas, (0.46, 0.35), (0.17, 0.13), 138.0, 0.08)
    stamp(canvas, (0.66, 0.34), (0.09, 0.1), 100.0, 0.1)
    stamp(canvas, (0.65, 0.3), (0.055, 0.04), 8.0, 0.2)
    stamp(canvas, (0.79, 0.46), (0.115, 0.14), 138.0, 0.08)
    for centre in (0.33, 0.67):
        stamp(canvas, (centre, 0.7), (0.115, 0.125), 150.0, 0.08)
    stamp(canvas, (0.53, 0.575), (0.032, 0.036), 205.0, 0.15)
    stamp(canvas, (0.46, 0.58), (0.034, 0.03), 165.0, 0.2)
    stamp(canvas, (0.5, 0.71), (0.062, 0.068), 235.0, 0.1)
    stamp(canvas, (0.5, 0.81), (0.02, 0.05), 230.0, 0.3)
    stamp(canvas, (0.5, 0.79), (0.022, 0.022), 70.0, 0.3)
    for angle in np.linspace(0.15, 2.99, 9) + rng.uniform(-0.05, 0.05):
        for sign in (-1.0, 1.0):
            spot = (
                0.5 + (wide - 0.06) * float(np.cos(angle)),
                0.52 + sign * (tall - 0.072) * float(np.sin(angle)),
            )
            stamp(canvas, spot, (0.017, 0.012), 225.0, 0.4)
    return canvas + 6 * smooth_noise(rng, size, 64)


def brain_slice(rng: np.random.Generator, size: Size) -> Array:
    """Draw an axial brain MRI: scalp, skull, folded cortex, ventricles and the midline."""
    x, y = grid(size)
    canvas = fill(size, 3.0)
    wide, tall = rng.uniform(0.41, 0.43), rng.uniform(0.465, 0.48)
    stamp(canvas, (0.5, 0.5), (wide, tall), 205.0, 0.03)
    stamp(canvas, (0.5, 0.5), (wide - 0.025, tall - 0.025), 12.0, 0.03)
    depth = ellipse(size, (0.5, 0.5), (wide - 0.05, tall - 0.05))
    folds = smooth_noise(rng, size, 15)
    brain = cover(depth + 0.018 * folds, 0.04)
    blend(canvas, brain, 122.0)
    cortex = brain * np.clip((0.3 - depth) * 7, 0, 1)
    canvas += cortex * (np.clip(np.abs(folds) * 2.2, 0, 1) - 0.62) * np.float32(46)
    for side in (-1, 1):
        horn = ellipse(size, (0.5 + side * 0.045, 0.42), (0.03, 0.09))
        tail = ellipse(size, (0.5 + side * 0.06, 0.57), (0.032, 0.075))
        blend(canvas, cover(np.maximum(horn, tail), 0.2), 22.0)
    gap = 0.006 - np.abs(x - 0.5) + 0 * y
    blend(canvas, 0.8 * cover(gap, 0.006) * brain * (np.abs(y - 0.5) > 0.2), 30.0)
    return canvas + 4 * smooth_noise(rng, size, 64)


def echo_view(rng: np.random.Generator, size: Size) -> Array:
    """Draw a four-chamber echo: a fan of speckle with four dark chambers between bright walls."""
    x, y = grid(size)
    depth, angle = np.hypot(x - 0.5, y + 0.02), np.arctan2(x - 0.5, y + 0.02)
    fan = cover(0.76 - np.abs(angle), 0.01) * cover(0.97 - depth, 0.01) * cover(depth - 0.08, 0.01)
    canvas = fill(size, 92.0)
    walls = np.zeros_like(canvas[0])
    chambers = np.zeros_like(canvas[0])
    for centre, radii in (
        ((0.39, 0.42), (0.115, 0.185)),
        ((0.61, 0.42), (0.115, 0.185)),
        ((0.37, 0.75), (0.115, 0.135)),
        ((0.63, 0.75), (0.115, 0.135)),
    ):
        hollow = ellipse(size, centre, radii)
        walls = np.maximum(walls, cover(hollow + 0.16, 0.12))
        chambers = np.maximum(chambers, cover(hollow, 0.12))
    blend(canvas, walls, 150.0)
    blend(canvas, chambers, 20.0)
    speckle = smooth_noise(rng, size, 80) * 0.26 + smooth_noise(rng, size, 28) * 0.14
    canvas *= np.clip(1 + speckle, 0.25, 1.8) * fan
    return canvas
