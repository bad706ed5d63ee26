"""What tests share: stand-ins with known behaviour, real processes, hardware, small painters."""
