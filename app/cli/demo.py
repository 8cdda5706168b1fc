"""``cleanplate demo``: the first try, on a photo or a film that comes with the program."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from app.cli import erase, parsing, video
from app.cli.console import out

_MARK = "534,16,92,32"
"""Where the sample film's mark is: the text finder looks for what stands at the bottom."""


class Sample(Enum):
    """What comes with the program."""

    PHOTO = "photo"
    VIDEO = "video"


_WHAT = typer.Argument(help="The sample photo, or the sample film.", show_default=False)
_OUT = typer.Option("--out", "-o", metavar="DIR", help="Where the results go.")


def demo(
    what: Annotated[Sample, _WHAT] = Sample.PHOTO, out_path: Annotated[Path, _OUT] = Path("cleanplate-demo")
) -> int:
    """Erase the text of the sample photo, or the subtitles and the mark of the sample film."""
    from engines.core.paths import resources_dir

    samples = resources_dir() / "samples"
    parsing.make_folder(out_path)
    if what is Sample.VIDEO:
        clean = out_path / "lake-clean.mp4"
        code = video.video(samples / "lake.mp4", clean, text=True, box=[_MARK], overwrite=True)
        out().print(f"Before: {samples / 'coffee.mp4'}", highlight=False, markup=False)
        return code
    clean, pair = out_path / "coffee-clean.jpg", out_path / "before-after.png"
    code = erase.erase([samples / "coffee.jpg"], str(clean), text=True, before_after=pair, overwrite=True)
    out().print(f"Before and after, side by side: {pair}", highlight=False, markup=False)
    return code
