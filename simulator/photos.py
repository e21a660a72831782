"""Draws a device with damage of a known grade, as a small PNG.

Damage grows with the grade, and so does its spread: neighbouring grades overlap, and light, noise,
reflections and dust make every photo another one.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 72
SCALE = 2
CRACKS = (0.15, 1.8, 4.5, 9.0)
DENTS = (0.15, 0.7, 1.8, 3.5)
Box = tuple[float, float, float, float]


def photo(category: str, grade: int, rng: np.random.Generator) -> bytes:
    """Return a PNG of ``SIZE`` x ``SIZE`` pixels of a phone, laptop or headphones."""
    side = SIZE * SCALE
    image = _background(rng, side)
    shape = Image.new("RGBA", image.size)
    shade = int(rng.integers(25, 110))
    body = (shade, shade + int(rng.integers(-8, 9)), shade + int(rng.integers(0, 20)))
    boxes = _DEVICES[category](ImageDraw.Draw(shape), side, body, rng)
    outline = shape.getchannel("A")
    # Translucent strokes blend on a picture without transparency only.
    device = shape.convert("RGB")
    draw = ImageDraw.Draw(device, "RGBA")
    _reflections(draw, boxes[0], rng)
    for _ in range(rng.poisson(DENTS[grade])):
        _dent(draw, boxes[rng.integers(len(boxes))], body, rng)
    for _ in range(rng.poisson(CRACKS[grade]) + (grade >= 2)):
        _crack(draw, boxes[rng.integers(len(boxes))], grade, rng)
    angle = float(rng.normal(0, 7))
    turned, mask = (part.rotate(angle, Image.Resampling.BILINEAR) for part in (device, outline))
    image.paste(turned, mask=mask)
    small = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    if rng.random() < 0.12:
        small = small.filter(ImageFilter.GaussianBlur(0.7))
    return _encode(_exposed(small, rng))


def _background(rng: np.random.Generator, side: int) -> Image.Image:
    """Draw a table top: a colour, lit from one side, with coarse texture."""
    colour = rng.uniform(90, 220) + rng.normal(0, 16, 3)
    slope = np.linspace(-1, 1, side)
    light = rng.normal(0, 22) * slope[:, None] + rng.normal(0, 22) * slope[None, :]
    coarse = rng.normal(0, 6, (side // 8, side // 8)).repeat(8, axis=0).repeat(8, axis=1)
    pixels = colour[None, None, :] + (light + coarse)[:, :, None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")


def _phone(
    draw: ImageDraw.ImageDraw, side: int, body: tuple[int, int, int], rng: np.random.Generator
) -> list[Box]:
    width, height = side * rng.uniform(0.36, 0.46), side * rng.uniform(0.7, 0.82)
    left = (side - width) / 2 + rng.normal(0, side * 0.03)
    top = (side - height) / 2 + rng.normal(0, side * 0.02)
    box = (left, top, left + width, top + height)
    draw.rounded_rectangle(box, radius=side * 0.06, fill=body)
    rim = side * 0.025
    screen = (box[0] + rim, box[1] + rim * 2, box[2] - rim, box[3] - rim * 2)
    draw.rectangle(screen, fill=_screen_colour(rng))
    return [screen]


def _laptop(
    draw: ImageDraw.ImageDraw, side: int, body: tuple[int, int, int], rng: np.random.Generator
) -> list[Box]:
    width, height = side * rng.uniform(0.7, 0.82), side * rng.uniform(0.42, 0.5)
    left, top = (side - width) / 2 + rng.normal(0, side * 0.02), side * rng.uniform(0.14, 0.2)
    right, bottom = left + width, top + height
    draw.rectangle((left, top, right, bottom), fill=body)
    flare = side * 0.06
    draw.polygon(
        [(left, bottom), (right, bottom), (right + flare, bottom + side * 0.2)]
        + [(left - flare, bottom + side * 0.2)],
        fill=tuple(min(part + 35, 255) for part in body),
    )
    for row in range(3):
        level = bottom + side * (0.05 + 0.045 * row)
        draw.line((left + flare, level, right - flare, level), fill=body, width=2)
    rim = side * 0.025
    screen = (left + rim, top + rim, right - rim, bottom - rim)
    draw.rectangle(screen, fill=_screen_colour(rng))
    return [screen]


def _headphones(
    draw: ImageDraw.ImageDraw, side: int, body: tuple[int, int, int], rng: np.random.Generator
) -> list[Box]:
    spread, middle = side * rng.uniform(0.26, 0.32), side / 2 + rng.normal(0, side * 0.02)
    top, level = side * rng.uniform(0.15, 0.22), side * 0.58
    band = (middle - spread, top, middle + spread, level + spread)
    draw.arc(band, 180, 360, fill=body, width=int(side * 0.06))
    cup_width, cup_height = side * 0.11, side * 0.17
    cups = []
    for centre in (middle - spread + side * 0.02, middle + spread - side * 0.02):
        cup = (centre - cup_width, level - cup_height, centre + cup_width, level + cup_height)
        draw.ellipse(cup, fill=body, outline=(15, 15, 18), width=3)
        cups.append(cup)
    return cups


_DEVICES = {"phone": _phone, "laptop": _laptop, "headphones": _headphones}


def _screen_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    base = int(rng.integers(15, 70))
    return (base, base + int(rng.integers(0, 25)), base + int(rng.integers(0, 45)))


def _inside(box: Box, rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(box[0], box[2])), float(rng.uniform(box[1], box[3]))


def _crack(draw: ImageDraw.ImageDraw, box: Box, grade: int, rng: np.random.Generator) -> None:
    """Draw a bright, jagged line; longer and forked where the damage is grave."""
    x, y = _inside(box, rng)
    angle = rng.uniform(0, 2 * np.pi)
    step = (box[2] - box[0]) * (0.07 + 0.025 * grade) * rng.uniform(0.7, 1.3)
    points = [(x, y)]
    for _ in range(int(rng.integers(2, 5 + grade))):
        angle += rng.normal(0, 0.5)
        x = float(np.clip(x + step * np.cos(angle), box[0], box[2]))
        y = float(np.clip(y + step * np.sin(angle), box[1], box[3]))
        points.append((x, y))
    tone = int(rng.integers(200, 256))
    draw.line(points, fill=(tone, tone, tone, int(rng.integers(180, 256))), width=SCALE + 1)


def _dent(
    draw: ImageDraw.ImageDraw, box: Box, body: tuple[int, int, int], rng: np.random.Generator
) -> None:
    """Draw a dark blot at an edge of the device."""
    x, y = _inside(box, rng)
    if rng.random() < 0.6:
        x = box[0] if rng.random() < 0.5 else box[2]
    radius = (box[3] - box[1]) * rng.uniform(0.03, 0.07)
    dark = tuple(max(part - 30, 0) for part in body)
    draw.ellipse((x - radius, y - radius * 0.7, x + radius, y + radius * 0.7), fill=dark)


def _reflections(draw: ImageDraw.ImageDraw, box: Box, rng: np.random.Generator) -> None:
    """Streaks of light and specks of dust, whatever the grade: they only look like damage."""
    for _ in range(rng.poisson(0.5)):
        (x, y), length = _inside(box, rng), (box[2] - box[0]) * rng.uniform(0.2, 0.6)
        ends = (x, y, min(x + length, box[2]), max(y - length, box[1]))
        draw.line(ends, fill=(255, 255, 255, int(rng.integers(25, 90))), width=SCALE * 2)
    for _ in range(rng.poisson(2.5)):
        x, y = _inside(box, rng)
        draw.ellipse((x, y, x + SCALE, y + SCALE), fill=(200, 200, 200, 140))


def _exposed(image: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """Pixels after exposure and sensor noise, (SIZE, SIZE, 3)."""
    pixels = np.asarray(image, dtype=np.float64) * rng.uniform(0.7, 1.25)
    pixels += rng.normal(0, rng.uniform(1, 4), pixels.shape[:2])[:, :, None]
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _encode(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGB").save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
