"""Training pairs without labels: text drawn onto pictures without text, so that the truth is known."""

from engines.training.synthesis.backgrounds import Backgrounds, list_folder, pack
from engines.training.synthesis.fonts import FontLibrary
from engines.training.synthesis.photos import Photo, PhotoSynthesiser
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.style import MaskShares, Settings
from engines.training.synthesis.synthesiser import Synthesiser

__all__ = [
    "Backgrounds",
    "FontLibrary",
    "MaskShares",
    "Photo",
    "PhotoSynthesiser",
    "Sample",
    "Settings",
    "Synthesiser",
    "list_folder",
    "pack",
]
