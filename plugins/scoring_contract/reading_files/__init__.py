"""The forms of files of readings that scorer and loader both take: kinds, dialects, timestamps, names."""
