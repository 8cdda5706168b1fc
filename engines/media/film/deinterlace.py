"""Makes whole frames of fields, with FFmpeg's bwdif: one frame a frame, so that numbers and times stay."""

from __future__ import annotations

from collections.abc import Sequence

import av

from engines.media.film.filters import filtered


def deinterlaced(around: Sequence[av.VideoFrame], place: int) -> av.VideoFrame | None:
    """The frame at ``place`` made whole with the help of its neighbours; None where it is whole already.

    ``around``: one frame, or two or three that follow each other. Each call stands for itself, so that the
    result does not depend on how a frame was reached.
    """
    if not around[place].interlaced_frame:
        return None
    return filtered([*around, around[-1]], "bwdif", "mode=send_frame:deint=interlaced", place + 1)[place]
