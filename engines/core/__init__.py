"""The central types and promises. Needs numpy only (and OpenCV for mask morphology)."""
