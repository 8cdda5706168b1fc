"""What all image engines share: crops, tiles, compositing, finding strokes. NumPy and OpenCV only."""
