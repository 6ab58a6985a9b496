"""My first lecture: gradient descent and momentum in a ravine.

`animopt lecture` with the path of this file renders one video with chapters and subtitles. --draft makes a quick one,
--list prints when each part begins, and --watch renders again whenever this file is saved.
"""

from animopt import Card, Compare, Lecture, Part, Question

lecture = Lecture(
    # A text, or one for each language: {"en": "Two ways down a ravine", "ko": "골짜기를 내려가는 두 방법"}.
    title="Two ways down a ravine",
    # Parts follow one another: cards with words, scenes, and scenes side by side.
    parts=[
        Card("Two ways down a ravine", caption="Gradient descent and momentum", seconds=3),
        Part(
            # A scene that `animopt` lists, or the path of a scene file.
            "ravine-sgd",
            # The spoken text, which the subtitles show. The part takes the time of reading it aloud. The words after a
            # mark are spoken when its event happens: {arrives}, {ends}, or for one racer {SGD:ends}.
            say="Gradient descent zigzags from wall to wall. {ends} After twenty steps it is still on its way.",
            # Your recording; the part then takes as long as the recording. WAV, FLAC, MP3 and OGG can be used.
            # audio="voice/02-{lang}.wav",
            # The second of the recording at which the words after a mark begin. Without it, the second is estimated.
            # marks={"ends": 4.2},
        ),
        Part(
            "ravine-momentum",
            say="Momentum makes a wave of it.",
            # Seconds for which the end of the race is shown, and a question before it.
            hold=3,
            question=Question("Will it zigzag, too?", seconds=3),
        ),
        # Two or four scenes with one clock, which counts steps or, with clock="evaluations", gradients.
        Compare("ravine-sgd", "ravine-momentum", title="Side by side"),
    ],
    # Colors of all parts: "light", "dark" or "print". Without a theme, each scene has its own.
    # theme="dark",
    # Seconds of the cross-fade between two parts.
    # fade=0.6,
)
