"""What the engines on Stable Diffusion share: checkpoints, attention, schedules, sampling, memory.

Needs the packages of the extra ``diffusion``. They are imported where they are used, after ``packages`` has
silenced them; nothing here ever asks the network for anything.
"""
