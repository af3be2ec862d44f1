"""What a reader gets: essays on topics that no text holds, counted and read blindly."""
