"""The code of the bundle cine_heart: network, training samples, objective, inference.

Independent of radloop; the bundle's configurations name these pieces.
"""
