"""Makes clips to measure video engines with: photos under a moving camera, and something in front whose mask is known.

    python packaging/make_video_set.py build/clips --photos DIR
    cleanplate evaluate-video build/clips

Every clip is three lossless films: NAME_video, NAME_gt and NAME_mask. A speckled oval moves or stands still in front
of a pan with drifting exposure, a pan, a move inwards, a hand-held view and a still one with noise. The same photos
and seed give the same clips.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SIZE = (270, 480)


@dataclass(frozen=True)
class Shot:
    """``step``: pixels per frame, x and y; ``zoom``, ``gain``: shares per frame; ``shake``, ``noise``: deviations."""

    step: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.0
    gain: float = 0.0
    shake: float = 0.0
    noise: float = 0.0


SHOTS = {
    "pan_gain": Shot((3.1, 0.4), gain=0.006),
    "pan": Shot((3.1, 0.4)),
    "inwards": Shot((0.3, 0.1), zoom=0.004),
    "handheld": Shot((0.6, 0.2), shake=0.8),
    "still_noise": Shot(noise=2.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make clips to measure video engines with.")
    parser.add_argument("target", type=Path, help="the folder to make")
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photos, 640 x 400 pixels at least")
    parser.add_argument("--frames", type=int, default=41)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    photos = large_photos(wanted.photos, len(SHOTS))
    wanted.target.mkdir(parents=True, exist_ok=False)
    for (name, shot), photo in zip(SHOTS.items(), photos, strict=True):
        rng = np.random.default_rng([wanted.seed, *name.encode()])
        truth = views(photo, shot, wanted.frames, rng)
        for kind in ("moving", "logo"):
            frames, masks = covered(truth, rng, moves=kind == "moving")
            write(wanted.target / f"{name}_{kind}_video.mkv", frames)
            write(wanted.target / f"{name}_{kind}_gt.mkv", truth)
            write(wanted.target / f"{name}_{kind}_mask.mkv", masks)


def large_photos(folder: Path, count: int) -> list[np.ndarray]:
    """The first photos, by name, that have room for a camera to move."""
    found = []
    for path in sorted(folder.rglob("*")):
        wanted = path.suffix.lower() in {".jpg", ".jpeg", ".png"} and "mask" not in path.stem
        picture = cv2.imread(str(path)) if wanted else None
        if picture is not None and picture.shape[0] >= 400 and picture.shape[1] >= 640:
            found.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        if len(found) == count:
            return found
    raise SystemExit(f"{folder} has only {len(found)} photos that are large enough; {count} are needed.")


def views(photo: np.ndarray, shot: Shot, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """What the camera sees, ``(h, w, 3)`` uint8."""
    h, w = SIZE
    top, left = (photo.shape[0] - h) / 2 - shot.step[1] * count / 2, (photo.shape[1] - w) / 2 - shot.step[0] * count / 2
    seen = []
    for number in range(count):
        scale = 1 - shot.zoom * number
        jolt = rng.normal(0, shot.shake, 2) if shot.shake else np.zeros(2)
        x = left + shot.step[0] * number + (1 - scale) * w / 2 + jolt[0]
        y = top + shot.step[1] * number + (1 - scale) * h / 2 + jolt[1]
        motion = np.array([[scale, 0, x], [0, scale, y]])
        how = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(photo.astype(np.float32), motion, (w, h), flags=how, borderMode=cv2.BORDER_REFLECT)
        view = view * (1 + shot.gain * number) + (rng.normal(0, shot.noise, view.shape) if shot.noise else 0)
        seen.append(np.clip(np.rint(view), 0, 255).astype(np.uint8))
    return seen


def covered(
    truth: list[np.ndarray], rng: np.random.Generator, *, moves: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The frames with the oval in front, and its masks, ``(h, w, 3)`` uint8."""
    h, w = SIZE
    cloth = cv2.GaussianBlur(rng.random((61, 85, 3)).astype(np.float32), (0, 0), 2)
    cloth = (cloth - cloth.min()) / np.ptp(cloth) * 255
    frames, masks = [], []
    for number, view in enumerate(truth):
        middle = (
            int(w * (0.25 + 0.5 * number / len(truth))) if moves else int(w * 0.75),
            int(h * (0.5 + 0.15 * np.sin(number / 6))) if moves else int(h * 0.3),
        )
        mask = cv2.ellipse(np.zeros((h, w), np.uint8), middle, (42, 30), 0, 0, 360, (255,), -1)
        rows, columns = np.nonzero(mask)
        frame = view.copy()
        frame[rows, columns] = cloth[rows - middle[1] + 30, columns - middle[0] + 42].astype(np.uint8)
        frames.append(frame)
        masks.append(np.repeat(np.asarray(mask)[..., None], 3, axis=2))
    return frames, masks


def write(target: Path, frames: Iterable[np.ndarray]) -> None:
    """A lossless film, 25 frames a second."""
    with av.open(str(target), "w") as film:
        stream = film.add_stream("ffv1", rate=Fraction(25), options={"level": "3"})
        stream.height, stream.width = SIZE
        stream.pix_fmt = "bgr0"
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode(None))


if __name__ == "__main__":
    main()
