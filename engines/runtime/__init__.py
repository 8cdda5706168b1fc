"""The only place, besides the engines and their networks, that knows torch and ONNX Runtime."""
