"""The timeline: a viewer's listed items by month, newest first."""
