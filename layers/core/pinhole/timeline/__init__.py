"""The timeline: an owner's visible items by month, newest first."""
