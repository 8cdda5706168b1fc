"""Everything that computes: engines, pipeline, media, jobs. Headless; no Qt anywhere."""
