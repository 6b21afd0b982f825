"""Answers read: yes or no, letters, numbers, boxes, and what is reasoning rather than answer."""
