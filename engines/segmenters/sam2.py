"""Segment Anything 2 on single pictures.

Ravi et al., "SAM 2: Segment Anything in Images and Videos" (arXiv 2408.00714), section 4: the image encoder sees
the picture once; prompt encoder and mask decoder answer each click from what it saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engines.core.context import Context
from engines.core.engine import Embedding, Hint, Segmenter, Selection, Setup
from engines.core.types import Box, Pixels
from engines.runtime.memory import out_of_memory_told
from engines.segmenters.sam2_weights import load_sam2

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's colours: what the encoder was trained with."""

_LABELS = {True: 1, False: 0}


class Sam2(Segmenter):
    """A single point is ambiguous: of the three answers that the decoder has for it, the one it trusts most."""

    def __init__(self, setup: Setup) -> None:
        self._device = setup.device
        with out_of_memory_told():
            self._model = load_sam2(next(iter(setup.weights.values())), setup.device)
        self._side = int(self._model.config.prompt_encoder_config.image_size)

    @torch.inference_mode()
    def embed(self, image: Pixels, ctx: Context) -> Embedding:
        ctx.step(0.0, "Looking at the picture")
        with out_of_memory_told():
            seen = self._model.get_image_embeddings(self._prepared(image))
        ctx.step(0.9, "Looked at the picture")
        cost = sum(level.numel() * level.element_size() for level in seen)
        return Embedding((image.shape[0], image.shape[1]), cost, seen)

    @torch.inference_mode()
    def select(self, embedding: Embedding, points: Sequence[Hint], box: Box | None) -> Selection:
        ambiguous = len(points) == 1 and box is None
        with out_of_memory_told():
            answer = self._model(
                image_embeddings=cast("list[Tensor]", embedding.content),
                multimask_output=ambiguous,
                **self._prompt(embedding.size, points, box),
            )
        scores = answer.iou_scores[0, 0]
        best = int(scores.argmax())
        odds = interpolate(answer.pred_masks[0, :, best : best + 1].float(), embedding.size, mode="bilinear")
        likelihood = (torch.sigmoid(odds[0, 0]) * 255).round().to(torch.uint8).cpu().numpy()
        return Selection(likelihood, min(max(float(scores[best]), 0.0), 1.0))

    def _prepared(self, image: Pixels) -> Tensor:
        """``(1, 3, side, side)``: the picture squeezed into the encoder's square, as it was trained."""
        whole = torch.tensor(image, device=self._device).permute(2, 0, 1)[None].float() / 255
        square = interpolate(whole, (self._side, self._side), mode="bilinear", antialias=True)
        mean, deviation = (torch.tensor(row, device=self._device).view(1, 3, 1, 1) for row in (_MEAN, _DEVIATION))
        return (square - mean) / deviation

    def _prompt(self, size: tuple[int, int], points: Sequence[Hint], box: Box | None) -> dict[str, Tensor]:
        """Points and box in the square's pixels, counted from their corners: the prompt encoder adds the half."""
        across, down = self._side / size[1], self._side / size[0]
        prompt = {}
        if points:
            at = [[point.x * across - 0.5, point.y * down - 0.5] for point in points]
            prompt["input_points"] = torch.tensor([[at]], device=self._device)
            labels = [_LABELS[point.on] for point in points]
            prompt["input_labels"] = torch.tensor([[labels]], dtype=torch.int32, device=self._device)
        if box is not None:
            corners = [box.x * across, box.y * down, box.right * across, box.bottom * down]
            prompt["input_boxes"] = torch.tensor([[corners]], device=self._device) - 0.5
        return prompt
