"""What the module RadLoop is made of, from the server to the scene.

    client   talks to the server: standard library only
    exam     what is known about one heart: files, labels, review, volumes; numpy only
    film     what is known about one chest film: picture, answer, submitted class; numpy and Pillow
    scene    both as MRML nodes: Slicer's core, no Qt, no application
    errands  the server and the one job at hand; ``desk`` and ``film_desk`` say what hearts and films do with them

Arrows of imports run desks -> scene, client -> film -> exam; Qt is known to ``RadLoop.py`` and the files of the panel.
"""
