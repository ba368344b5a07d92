"""HJ 212: frames, messages, codes. Bytes in, objects out, and back."""
