"""Photos decoded and described: every kind that can be read, and every way one cannot be."""

import io
import subprocess
import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from ml.images.decode import Unreadable, opened, pixels
from ml.images.description import Description
from tests.unit.ml.photos import BAD, encoded, stripes

pytest.importorskip("skimage", reason="goldloop[images] is not installed")


def square(content: bytes, size: int = 48) -> np.ndarray:
    return pixels(opened(content), size)


@pytest.mark.parametrize("name", BAD)
def test_a_photo_that_cannot_be_read_says_why_and_what_to_do(name):
    content, reason = BAD[name]
    with pytest.raises(Unreadable, match=reason) as refused:
        square(content)
    assert refused.value.remedy


def test_a_bomb_is_refused_from_its_header_without_its_pixels_ever_being_decoded(monkeypatch):
    def decoded(*_: object) -> None:
        pytest.fail("a pixel was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    for name in ("bomb", "large"):
        with pytest.raises(Unreadable, match="not decoded"):
            opened(BAD[name][0])


def test_a_format_that_another_program_would_decode_is_not_opened():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "EPS")
    with pytest.raises(Unreadable, match="allowed: JPEG, PNG"):
        opened(buffer.getvalue())


def test_grey_sixteen_bit_cmyk_and_palette_photos_show_what_the_plain_one_shows():
    plain = stripes(3, upright=True)
    grey = np.asarray(Image.fromarray(plain).convert("L"))
    for name, content in {
        "grey": encoded(grey),
        "16 bit": encoded(grey.astype(np.uint16) * 257),
        "palette": _as("P", grey),
        "one alpha": _as("LA", grey),
    }.items():
        shown = square(content).astype(int)
        assert np.abs(shown - grey[:, :, None]).max() <= 1, name
    cmyk = square(_as("CMYK", plain, "TIFF")).astype(int)
    assert np.abs(cmyk - plain).max() <= 2


def test_a_photo_taken_sideways_is_turned_as_its_exif_says():
    lying = stripes(4, upright=False)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned a quarter
    turned = square(encoded(lying, "JPEG", exif=exif, quality=95, subsampling=0)).astype(int)
    assert np.abs(turned - np.rot90(lying, k=3)).mean() < 8
    assert np.abs(turned - lying).mean() > 30


def test_what_is_transparent_is_white():
    clear = np.zeros((8, 8, 4), dtype=np.uint8)
    assert (square(encoded(clear), 8) == 255).all()


def test_a_sideways_photo_of_any_format_is_turned_once():
    lying = stripes(4, upright=False)
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("PNG", "TIFF"):
        turned = square(encoded(lying, kind, exif=exif)).astype(int)
        assert np.abs(turned - np.rot90(lying, k=3)).max() <= 1, kind


def test_half_transparent_pixels_are_mixed_with_white_as_they_are_at_full_size():
    random = np.random.default_rng(0)
    clear = random.integers(0, 256, (400, 300, 4), dtype=np.uint8)
    whole = Image.fromarray(clear)
    on_white = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    wanted = np.asarray(on_white.resize((48, 48), Image.Resampling.BILINEAR)).astype(int)
    apart = np.abs(square(encoded(clear)).astype(int) - wanted)
    # Colours are rounded once more; mixed without regard to what is clear they lie 30 apart.
    assert apart.max() <= 6
    assert apart.mean() < 1.5


def test_a_photo_is_made_small_before_what_is_transparent_is_laid_on_white(monkeypatch):
    sizes, true = [], Image.alpha_composite
    monkeypatch.setattr(
        Image, "alpha_composite", lambda one, two: sizes.append(two.size) or true(one, two)
    )
    square(encoded(np.zeros((500, 400, 4), dtype=np.uint8)))
    assert sizes == [(48, 48)]


def test_sixteen_bits_take_few_bytes_a_pixel():
    deep = encoded(np.full((1_000, 1_000), 40_000, dtype=np.uint16))
    header = opened(deep)
    tracemalloc.start()
    shown = pixels(header, 48)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (shown == 40_000 >> 8).all()
    assert peak < 8 * 1_000_000


def test_the_pixels_decoded_at_once_are_bounded_and_none_is_kept(monkeypatch):
    from ml.images import describer

    lock, now, most, seen = threading.Lock(), [0], [0], []

    def slow(image: Image.Image, size: int) -> np.ndarray:
        with lock:
            now[0] += image.width * image.height
            most[0] = max(most[0], now[0])
            seen.append(image)
        time.sleep(0.02)
        found = pixels(image, size)
        with lock:
            now[0] -= image.width * image.height
        return found

    monkeypatch.setattr(describer, "pixels", slow)
    monkeypatch.setattr(describer, "MOST_PIXELS", 48 * 48 * 2)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    photos = [encoded(stripes(seed, upright=True)) for seed in range(10)]
    photos.append(encoded(stripes(11, upright=True, side=200)))
    made = describer.Describer(Description(32, ("lbp",), 4)).of(photos)
    assert all(each.vector is not None for each in made)
    assert most[0] <= 200 * 200
    assert len(seen) == 11
    for image in seen:
        with pytest.raises(ValueError, match="closed"):
            image.getpixel((0, 0))


def test_the_descriptors_are_those_of_scikit_image():
    from skimage.color import rgb2gray, rgb2hsv
    from skimage.feature import hog, local_binary_pattern

    from ml.images.describe import describe

    photo = stripes(5, upright=True, side=64)
    wanted = hog(rgb2gray(photo), 9, (8, 8), (2, 2), block_norm="L2-Hys")
    found = describe(photo, Description(64, ("hog",), 8))
    np.testing.assert_allclose(found, wanted, atol=1e-6)

    found = describe(photo, Description(64, ("lbp",), 8))
    codes = local_binary_pattern(np.rint(rgb2gray(photo) * 255).astype(np.uint8), 8, 1, "uniform")
    first = [np.mean(codes[:32, :32] == code) for code in range(10)]
    np.testing.assert_allclose(found[:10], first, atol=1e-6)

    found = describe(photo, Description(64, ("colour",), 8))
    value = rgb2hsv(photo)[:32, :32, 2]
    counted = np.histogram(value, bins=16, range=(0, 1))[0] / value.size
    np.testing.assert_allclose(found[32:48], counted, atol=1e-6)


def test_the_same_photo_is_described_once_as_long_as_it_is_remembered(monkeypatch):
    from ml.images import describer

    seen = []
    true = describer.describe
    monkeypatch.setattr(
        describer, "describe", lambda photo, how: seen.append(1) or true(photo, how)
    )
    one, two = (encoded(stripes(seed, upright=True)) for seed in (1, 2))
    made = describer.Describer(Description(32, ("lbp",), 4), most=2)
    seen.clear()
    vectors = [each.vector for each in made.of([one, two, one])]
    assert (len(seen), len(made.of([one, two]))) == (2, 2)
    assert len(seen) == 2
    assert (vectors[0] == vectors[2]).all()
    made.of([BAD["text"][0], BAD["empty"][0]])
    made.of([one])
    assert len(seen) == 3  # forgotten since


def test_without_scikit_image_one_error_says_what_to_install():
    code = (
        "import sys; sys.modules['skimage'] = None\n"
        "import importlib.util as u\n"
        "find = u.find_spec; u.find_spec = lambda n, *a: None if n == 'skimage' else find(n, *a)\n"
        "import ml.train, ml.score\n"
        "from ml.images.installed import check_installed\n"
        "check_installed()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'goldloop[images]'" in done.stderr.splitlines()[-1]


def _as(mode: str, photo: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo).convert(mode).save(buffer, kind)
    return buffer.getvalue()
