"""Films: read frame by frame, and written with everything else untouched. No other package imports PyAV.

Reading::

    from engines.media.film.reader import open_film

    with open_film(path) as film:                # a film file, an animation, or a folder of numbered pictures
        film.info                                # FilmInfo: streams, size, rate, colour, rotation ...
        len(film), film.times[i]                 # frames; the time at which each is shown, as a Fraction
        film.index_at(Fraction(5, 2))            # the frame on the screen at 2.5 s
        frame = film.frame(120)                  # any frame, exactly; frame.pixels is (h, w, 3) RGB, read-only
        for frame in film.frames(0, 250): ...    # a range, in order, in flat memory

``probe.probe(path)`` gives the ``FilmInfo`` alone, without reading the whole file.
"""
