"""radloop: cine MR of the heart and chest X-rays, analysed, corrected and learned from.

Research software; not a medical device.
"""

__version__ = "0.1.0"
