"""What runs on edge devices: one file, published with each version as an artifact of its component.

It stands alone: a device has Python, ONNX Runtime and boto3, and nothing else of this project.
"""
