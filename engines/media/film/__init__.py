"""Films: read frame by frame, and written with everything else untouched. No other package imports PyAV.

Reading::

    from engines.media.film.reader import open_film

    with open_film(path) as film:                # a film file, an animation, or a folder of numbered pictures
        film.info                                # FilmInfo: streams, size, rate, colour, rotation ...
        len(film), film.times[i]                 # frames; the time at which each is shown, as a Fraction
        film.index_at(Fraction(5, 2))            # the frame on the screen at 2.5 s
        frame = film.frame(120)                  # any frame, exactly; frame.pixels is (h, w, 3) RGB, read-only
        for frame in film.frames(0, 250): ...    # a range, in order, in flat memory

``frame.region(box)`` is a cheap cut of ``frame.pixels``. ``probe.probe(path)`` gives the ``FilmInfo`` alone,
without reading the whole file; ``open_film(path, deinterlace=True)`` makes whole frames of fields.

Writing is ``engines.jobs.export_film``: an ``ExportSettings`` and a ``FilmEdit``, whose ``edited`` yields frames
with their patches. ``encoders`` says which encoders open here, ``formats`` has a row for each codec and container.
"""
