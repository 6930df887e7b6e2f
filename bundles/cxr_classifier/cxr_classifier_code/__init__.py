"""The code of the bundle cxr_classifier: networks, training films, calibration, abstention, inference.

Independent of radloop; the bundle's configurations name these pieces.
"""
