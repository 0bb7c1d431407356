"""What is made of videos: posters, stills, the copy that browsers play, and clips of photos that move."""
