"""What must, and what must not, be installed beside the program."""

from __future__ import annotations

import importlib.util

import cv2


def test_opencv_is_the_build_with_the_contributed_modules() -> None:
    """Another OpenCV wheel (some packages ask for ``opencv-python``) would overwrite it silently."""
    assert hasattr(cv2, "xphoto")
    assert callable(cv2.xphoto.inpaint)


def test_torchvision_is_absent() -> None:
    """It does not import beside the CPU build of torch, and nothing here may need it."""
    assert importlib.util.find_spec("torchvision") is None
