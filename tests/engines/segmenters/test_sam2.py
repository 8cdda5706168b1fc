"""Segment Anything 2 as this program loads and asks it, beside transformers' own way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate
from transformers import Sam2Config, Sam2Model, Sam2VideoConfig, Sam2VideoModel

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Hint, Setup
from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Pixels
from engines.segmenters.sam2 import Sam2
from engines.segmenters.sam2_weights import _known
from tests.tiny_sam2 import SIDE, tiny_config, tiny_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("sam2") / "tiny")


def engine(path: Path) -> Sam2:
    return Sam2(Setup(load_catalog()["sam2"], {"sam2": path}))


def photo(height: int = 90, width: int = 150) -> Pixels:
    image = np.random.default_rng(1).integers(0, 90, (height, width, 3), np.uint8)
    image[20:60, 30:90] += 140
    return image


def odds_of(model: torch.nn.Module, image: Pixels, **prompt: object) -> tuple[torch.Tensor, torch.Tensor]:
    """The model asked as its authors do: squeezed into the square, ImageNet's colours, prompts scaled."""
    whole = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    square = interpolate(whole, (SIDE, SIDE), mode="bilinear", antialias=True)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    pixels = (square - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    with torch.inference_mode():
        answer = model(pixel_values=pixels, **prompt)
    return answer.pred_masks[0, 0], answer.iou_scores[0, 0]


def test_a_click_is_answered_as_transformers_answers_it(folder: Path) -> None:
    sam, image = engine(folder), photo()
    model = Sam2Model.from_pretrained(folder).eval()
    selection = sam.select(sam.embed(image, Context()), [Hint(60.5, 40.5)], None)
    at = torch.tensor([[[[60.5 * SIDE / 150 - 0.5, 40.5 * SIDE / 90 - 0.5]]]])
    masks, scores = odds_of(model, image, input_points=at, input_labels=torch.ones(1, 1, 1, dtype=torch.int32))
    assert len(masks) == 3
    best = int(scores.argmax())
    wanted = torch.sigmoid(interpolate(masks[None, best : best + 1], (90, 150), mode="bilinear"))[0, 0] * 255
    assert np.abs(selection.likelihood - wanted.numpy()).max() <= 1
    assert selection.confidence == pytest.approx(float(scores[best].clip(0, 1)), abs=1e-4)


def test_a_box_is_answered_as_transformers_answers_it(folder: Path) -> None:
    sam, image = engine(folder), photo()
    model = Sam2Model.from_pretrained(folder).eval()
    selection = sam.select(sam.embed(image, Context()), [], Box(30, 20, 60, 40))
    corners = torch.tensor([[[30 * SIDE / 150, 20 * SIDE / 90, 90 * SIDE / 150, 60 * SIDE / 90]]]) - 0.5
    masks, _ = odds_of(model, image, input_boxes=corners, multimask_output=False)
    assert len(masks) == 1
    wanted = torch.sigmoid(interpolate(masks[None], (90, 150), mode="bilinear"))[0, 0] * 255
    assert np.abs(selection.likelihood - wanted.numpy()).max() <= 1


def test_prompts_and_pictures_matter(folder: Path) -> None:
    sam = engine(folder)
    seen, other = sam.embed(photo(), Context()), sam.embed(photo()[:, ::-1].copy(), Context())
    here = sam.select(seen, [Hint(60, 40)], None).likelihood
    for another in (
        sam.select(seen, [Hint(140, 80)], None),
        sam.select(seen, [Hint(60, 40), Hint(140, 80, on=False)], None),
        sam.select(seen, [], Box(0, 0, 20, 20)),
        sam.select(other, [Hint(60, 40)], None),
    ):
        assert not np.array_equal(another.likelihood, here)


def test_a_checkpoint_for_films_holds_the_half_for_pictures(folder: Path, tmp_path: Path) -> None:
    config = tiny_config()
    parts = {name: getattr(config, name) for name in ("vision_config", "prompt_encoder_config", "mask_decoder_config")}
    film = Sam2VideoModel(
        Sam2VideoConfig(
            **parts, image_size=SIDE, memory_attention_hidden_size=32, memory_encoder_hidden_size=32,
            memory_attention_num_layers=1, memory_attention_feed_forward_hidden_size=32,
            memory_attention_rope_feat_sizes=[8, 8], mask_downsampler_embed_dim=32, memory_fuser_embed_dim=32,
            memory_fuser_intermediate_dim=32, memory_attention_num_attention_heads=1,
        )
    )  # fmt: skip
    state = film.state_dict() | load_file(folder / "model.safetensors")
    assert len(state) > len(load_file(folder / "model.safetensors")) + 20
    path = tmp_path / "film"
    path.mkdir()
    shutil.copy(folder / "config.json", path)
    save_file({name: tensor.contiguous().clone() for name, tensor in state.items()}, path / "model.safetensors")
    answers = [
        sam.select(sam.embed(photo(), Context()), [Hint(60, 40)], None).likelihood
        for sam in (engine(folder), engine(path))
    ]
    assert np.array_equal(answers[0], answers[1])


@pytest.mark.parametrize(
    ("channels", "blocks", "millions"), [(96, 12, 38.9), (96, 16, 46.0), (112, 24, 80.8), (144, 48, 224.4)]
)
def test_the_published_sizes_are_told_by_their_tensors(channels: int, blocks: int, millions: float) -> None:
    prefix = "vision_encoder.backbone."
    shapes = {f"{prefix}patch_embed.projection.weight": torch.empty(channels, 3, 7, 7, device="meta")}
    shapes |= {f"{prefix}blocks.{n}.attn.qkv.bias": torch.empty(1, device="meta") for n in range(blocks)}
    with torch.device("meta"):
        film = Sam2VideoModel(Sam2VideoConfig(**_known(Path("model.safetensors"), shapes)))
    # the paper's table counts the model for films, of which ours is a part
    assert sum(weight.numel() for weight in film.parameters()) / 1e6 == pytest.approx(millions, abs=0.15)


def test_the_smallest_is_transformers_default() -> None:
    prefix = "vision_encoder.backbone."
    shapes = {f"{prefix}patch_embed.projection.weight": torch.empty(96, 3, 7, 7, device="meta")}
    shapes |= {f"{prefix}blocks.{n}.attn.qkv.bias": torch.empty(1, device="meta") for n in range(12)}
    told, default = Sam2Config(**_known(Path("model.safetensors"), shapes)), Sam2Config()
    assert told.vision_config.to_dict() == default.vision_config.to_dict()


def broken(folder: Path, path: Path, kind: str) -> Path:
    """A folder that holds no model."""
    shutil.copytree(folder, path)
    state = load_file(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if kind == "lacks":
        state.pop("no_memory_embedding")
    if kind == "senseless":
        config["vision_config"]["backbone_config"]["hidden_size"] = "large"
    save_file(state, path / "model.safetensors")
    texts = {"unreadable": "{", "list": "[1]"}
    (path / "config.json").write_text(texts.get(kind, json.dumps(config)), encoding="utf-8")
    if kind == "noise":
        (path / "model.safetensors").write_bytes(b"noise" * 100)
    if kind == "undescribed":
        (path / "config.json").unlink()
    return path


@pytest.mark.parametrize("kind", ["lacks", "senseless", "undescribed", "unreadable", "list", "noise"])
def test_what_is_no_model_is_refused_in_words(folder: Path, tmp_path: Path, kind: str) -> None:
    path = broken(folder, tmp_path / "broken", kind)
    with pytest.raises(EngineError) as caught:
        engine(path)
    assert caught.value.fault is Fault.WEIGHTS_INVALID
    assert caught.value.hint


def test_a_file_alone_must_be_of_a_published_size(folder: Path) -> None:
    with pytest.raises(EngineError, match="none of the four published sizes"):
        engine(folder / "model.safetensors")


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"conv.weight": torch.zeros(3, 3)}, path)
    with pytest.raises(EngineError, match="no model of Segment Anything 2"):
        engine(path)
