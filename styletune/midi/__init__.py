"""MIDI controllers: raw messages to control positions, and positions to feedback. Pure."""
