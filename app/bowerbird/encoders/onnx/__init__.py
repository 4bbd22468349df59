"""Encoders that run in ONNX Runtime: sessions, front ends, audio and text networks."""
