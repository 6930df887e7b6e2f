"""What the module RadLoop is made of, from the server to the scene.

    client   talks to the server: standard library only
    exam     what is known about one exam: files, labels, review, volumes; numpy only
    scene    the exam as MRML nodes: Slicer's core, no Qt, no application

An arrow of imports runs scene -> exam <- client; only ``RadLoop.py`` knows Qt and puts them together.
"""
