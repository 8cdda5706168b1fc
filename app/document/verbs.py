"""What can be done to a state: each verb takes one and gives the next. Nothing here changes anything in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from app.document.coverage import Combine, Coverage
from app.document.state import Edit, FoundLine, LayerRole, MaskLayer, MaskStack, State, TextChoice, Variant
from engines.core.engine import Task
from engines.core.types import Mask

# ---- masks


def paint(state: State, role: LayerRole, mask: Mask, how: Combine = Combine.ADD) -> State:
    """Combine ``mask`` with the uppermost layer of ``role``, which is made where there is none.

    Taking away from *add* also unchooses nothing: chosen text under it is uncovered by a *subtract* layer.
    """
    stack = state.masks
    number = stack.top(role)
    if number is None:
        if how in (Combine.SUBTRACT, Combine.INTERSECT):
            return _uncovered_text(state, role, mask, how)
        stack, number = replace(stack, layers=(*stack.layers, MaskLayer(role, Coverage(state.size)))), len(stack.layers)
    layer = stack.layers[number]
    painted = _with_layer(stack, number, replace(layer, coverage=layer.coverage.combined(mask, how), visible=True))
    return _uncovered_text(replace(state, masks=painted), role, mask, how)


def _uncovered_text(state: State, role: LayerRole, mask: Mask, how: Combine) -> State:
    """Chosen lines that ``mask`` eats into become plain coverage without that part."""
    text = state.masks.text
    if role is not LayerRole.ADD or how is Combine.ADD or not text.chosen:
        return state
    met = {
        number
        for number in text.chosen
        if how is not Combine.SUBTRACT or not (text.lines[number].mask.box & mask.box).empty
    }
    if not met:
        return state
    stack = replace(state.masks, text=replace(text, chosen=text.chosen - met))
    if how is Combine.REPLACE:
        return replace(state, masks=stack)
    number = stack.top(LayerRole.ADD)
    coverage = Coverage(state.size).united(text.lines[i].mask for i in sorted(met)).combined(mask, how)
    if number is None:
        layers = (MaskLayer(LayerRole.ADD, coverage), *stack.layers)
        return replace(state, masks=replace(stack, layers=layers))
    layer = stack.layers[number]
    joined = layer.coverage.united([coverage.mask()])
    return replace(state, masks=_with_layer(stack, number, replace(layer, coverage=joined)))


def alter(state: State, number: int, change: Callable[[Mask], Mask]) -> State:
    """Replace the coverage of layer ``number`` by ``change`` of it (grow, feather, invert, ...)."""
    layer = state.masks.layers[number]
    altered = layer.coverage.combined(change(layer.coverage.mask()), Combine.REPLACE)
    return replace(state, masks=_with_layer(state.masks, number, replace(layer, coverage=altered)))


def flatten(state: State) -> State:
    """Chosen text and all *add* and *subtract* layers as one *add* layer; the other roles stay."""
    stack = state.masks
    merged = MaskLayer(LayerRole.ADD, Coverage.of(stack.erase_mask(), state.size))
    rest = tuple(layer for layer in stack.layers if layer.role in (LayerRole.PROTECT, LayerRole.NO_SAMPLE))
    text = replace(stack.text, chosen=frozenset())
    return replace(state, masks=replace(stack, layers=(merged, *rest), text=text))


def clear(state: State) -> State:
    """Forget what is to be erased: *add* and *subtract* layers and the choice of text. The other roles stay."""
    rest = tuple(layer for layer in state.masks.layers if layer.role in (LayerRole.PROTECT, LayerRole.NO_SAMPLE))
    text = replace(state.masks.text, chosen=frozenset())
    return replace(state, masks=replace(state.masks, layers=rest, text=text))


def add_layer(state: State, role: LayerRole) -> State:
    """An empty layer of ``role`` on top."""
    layers = (*state.masks.layers, MaskLayer(role, Coverage(state.size)))
    return replace(state, masks=replace(state.masks, layers=layers))


def remove_layer(state: State, number: int) -> State:
    layers = state.masks.layers
    return replace(state, masks=replace(state.masks, layers=layers[:number] + layers[number + 1 :]))


def show_layer(state: State, number: int, visible: bool) -> State:
    layer = replace(state.masks.layers[number], visible=visible)
    return replace(state, masks=_with_layer(state.masks, number, layer))


def set_role(state: State, number: int, role: LayerRole) -> State:
    layer = replace(state.masks.layers[number], role=role)
    return replace(state, masks=_with_layer(state.masks, number, layer))


def _with_layer(stack: MaskStack, number: int, layer: MaskLayer) -> MaskStack:
    layers = (*stack.layers[:number], layer, *stack.layers[number + 1 :])
    return replace(stack, layers=layers)


# ---- text


def set_text(state: State, lines: Sequence[FoundLine], chosen: Iterable[int] = ()) -> State:
    """The lines that were found, and which of them to erase."""
    return replace(state, masks=replace(state.masks, text=TextChoice(tuple(lines), frozenset(chosen))))


def choose_text(state: State, numbers: Iterable[int], on: bool) -> State:
    """Switch lines on or off."""
    text = state.masks.text
    asked = frozenset(numbers) & frozenset(range(len(text.lines)))
    chosen = text.chosen | asked if on else text.chosen - asked
    return replace(state, masks=replace(state.masks, text=replace(text, chosen=chosen)))


# ---- edits


def erase(state: State, task: Task, variant: Variant, asked: MaskStack | None = None) -> State:
    """Append what an engine painted; what it was asked to erase is no longer to be erased.

    ``asked``: the masks it was asked with. Where they have changed since, only the hole is taken from them.
    """
    if asked is None or asked is state.masks:
        state = _without_chosen_text(clear(state), state.masks.text)
    else:
        state = paint(state, LayerRole.ADD, variant.hole, Combine.SUBTRACT)
    number = max((edit.id for edit in state.edits), default=0) + 1
    edit = Edit(number, task, (variant,), Coverage(state.size))
    return replace(state, edits=(*state.edits, edit))


def _without_chosen_text(state: State, text: TextChoice) -> State:
    """What was chosen is no longer to be read; outlines of it would only lie over the result."""
    left = tuple(line for number, line in enumerate(text.lines) if number not in text.chosen)
    return replace(state, masks=replace(state.masks, text=TextChoice(left)))


def add_variant(state: State, number: int, variant: Variant) -> State:
    """Another answer to the same edit, which is chosen at once."""
    edit = state.edit(number)
    return _with_edit(state, replace(edit, variants=(*edit.variants, variant), chosen=len(edit.variants)))


def choose_variant(state: State, number: int, chosen: int) -> State:
    """Show variant ``chosen`` of an edit; IndexError where there is none."""
    edit = state.edit(number)
    if not 0 <= chosen < len(edit.variants):
        raise IndexError(chosen)
    return _with_edit(state, replace(edit, chosen=chosen))


def show_edit(state: State, number: int, visible: bool) -> State:
    return _with_edit(state, replace(state.edit(number), visible=visible))


def delete_edit(state: State, number: int) -> State:
    """Take an edit out of the list: the picture is again as if it had not been made."""
    state.edit(number)
    return replace(state, edits=tuple(edit for edit in state.edits if edit.id != number))


def mask_of_edit(state: State, number: int) -> State:
    """Cover the hole of an edit again, to change it and to erase anew."""
    return paint(state, LayerRole.ADD, state.edit(number).variant.hole)


def restore(state: State, mask: Mask, how: Combine = Combine.ADD) -> State:
    """Let the original show through every shown edit under ``mask`` (or, subtracting, no longer)."""
    edits = tuple(
        replace(edit, restored=edit.restored.combined(mask, how))
        if edit.visible and not (edit.reach & mask.box).empty
        else edit
        for edit in state.edits
    )
    return replace(state, edits=edits)


def _with_edit(state: State, changed: Edit) -> State:
    return replace(state, edits=tuple(changed if edit.id == changed.id else edit for edit in state.edits))
