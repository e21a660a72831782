"""Models made elsewhere: an ONNX file of the project, asked by ONNX Runtime, never trained."""
