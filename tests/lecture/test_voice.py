import subprocess
import wave

import numpy as np
import pytest

from animopt.core.errors import Error, UsageError
from animopt.lecture import voice as voice_module
from animopt.lecture.cache import Cache
from animopt.lecture.voice import RATE, Voice, load_voice, track_loudness, write_track
from animopt.video.ffmpeg import program


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache") as cache:
        yield cache


def tone(seconds, amplitude, rate=RATE):
    return amplitude * np.sin(2 * np.pi * 997 * np.arange(round(seconds * rate)) / rate)


def save(path, sound, rate=RATE):
    """Write a sound of one channel, or of several as columns, as 16 bits."""
    sound = sound if sound.ndim == 2 else sound[:, None]
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[1], 2, rate, 0, "NONE", ""))
        file.writeframes((sound.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
    return path


def convert(source, target, *options):
    subprocess.run([program(), "-loglevel", "error", "-i", source, *options, target], check=True)
    return target


CLICKS = [12_000, 50_001, 75_000, 95_000]


@pytest.fixture(scope="session")
def clicks():
    """A quiet tone of 2 seconds with four clicks of full scale."""
    sound = tone(2, 0.05)
    sound[CLICKS] = 1
    return sound


def clicks_in(samples):
    """Return the positions of the largest jumps near the clicks."""
    jumps = np.abs(np.diff(samples[:, 0].astype(float), n=2))
    return [click - 3000 + int(jumps[click - 3000 : click + 990].argmax()) + 1 for click in CLICKS]


def biquad(sound, numerator, denominator):
    """Filter a sound by the response of a recursive filter to one sample, which is short."""
    response = [0.0, 0.0]
    for n in range(RATE):
        response.append((numerator[n] if n < 3 else 0) - denominator[1] * response[-1] - denominator[2] * response[-2])
    response = np.array(response[2:])
    size = len(sound) + RATE
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]


def loudness(sound):
    """Integrated loudness of a sound of several channels, by ITU-R BS.1770-4 at 48 kHz."""
    weighted = [
        biquad(
            biquad(
                channel,
                (1.53512485958697, -2.69169618940638, 1.19839281085285),
                (1, -1.69065929318241, 0.73248077421585),
            ),
            (1, -2, 1),
            (1, -1.99004745483398, 0.99007225036621),
        )
        for channel in sound.T
    ]
    power = sum(channel**2 for channel in weighted)
    starts = range(0, len(sound) - 19_200 + 1, 4800)
    blocks = np.array([power[start : start + 19_200].mean() for start in starts])
    blocks = blocks[-0.691 + 10 * np.log10(blocks + 1e-30) > -70]
    gate = blocks.mean() / 10
    return -0.691 + 10 * np.log10(blocks[blocks > gate].mean())


def scaled(samples):
    return samples / 32768


def test_measure_of_the_test_has_the_published_reading():
    sine = tone(2, 1.0)
    assert loudness(np.c_[sine, sine]) == pytest.approx(0, abs=0.05)
    assert loudness(np.c_[sine, 0 * sine]) == pytest.approx(-3.01, abs=0.05)


def test_quiet_stereo_tone_is_normalized(tmp_path, cache):
    sound = np.c_[tone(3.5, 0.01), tone(3.5, 0.03)]
    voice = load_voice(save(tmp_path / "a.wav", sound), cache)
    assert voice.samples.shape == (3.5 * RATE, 2)
    assert voice.samples.dtype == np.int16
    assert voice.measured == pytest.approx(loudness(sound), abs=0.1)
    assert voice.loudness == pytest.approx(-16, abs=0.3)
    assert loudness(scaled(voice.samples)) == pytest.approx(voice.loudness, abs=0.1)
    left, right = np.abs(voice.samples).max(axis=0)
    assert right == pytest.approx(3 * left, rel=0.01)


@pytest.mark.long
def test_clicks_on_a_tone_are_normalized_and_do_not_move(tmp_path, cache, clicks):
    voice = load_voice(save(tmp_path / "a.wav", clicks), cache)
    assert len(voice.samples) == len(clicks)
    assert clicks_in(voice.samples) == CLICKS
    assert loudness(scaled(voice.samples)) == pytest.approx(-16, abs=1)
    assert np.abs(scaled(voice.samples)).max() < 10 ** (-1.2 / 20)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.3, 0.4, 0.7, 1.0, 2.9])
@pytest.mark.parametrize("amplitude", [0.001, 1.0])
def test_short_sound_is_normalized(tmp_path, cache, seconds, amplitude):
    voice = load_voice(save(tmp_path / "a.wav", tone(seconds, amplitude)), cache)
    assert len(voice.samples) == round(seconds * RATE)
    assert voice.loudness == pytest.approx(-16, abs=1)
    # A tone of -16 LUFS in both channels has this amplitude.
    assert np.abs(scaled(voice.samples)).max() == pytest.approx(10 ** (-16 / 20), rel=0.12)


@pytest.mark.long
def test_short_sound_with_a_click_is_normalized(tmp_path, cache):
    sound = tone(0.5, 0.02)
    sound[20_000] = 1
    voice = load_voice(save(tmp_path / "a.wav", sound), cache)
    assert len(voice.samples) == len(sound)
    assert loudness(scaled(voice.samples)) == pytest.approx(-16, abs=1)


@pytest.mark.long
def test_clicks_on_a_faint_tone_are_limited(tmp_path, cache):
    """With loudnorm alone, only the clicks have the intended loudness."""
    sound = tone(2, 0.01)
    for start in (20_000, 60_000):
        sound[start : start + 240] = 0.9 * np.sin(2 * np.pi * np.arange(240) / 16)
    voice = load_voice(save(tmp_path / "a.wav", sound), cache)
    assert loudness(scaled(voice.samples)) == pytest.approx(-16, abs=0.7)
    assert np.abs(scaled(voice.samples)).max() < 10 ** (-1.0 / 20)


@pytest.mark.long
def test_peaks_without_a_tone_are_as_loud_as_they_can_be(tmp_path, cache):
    sound = np.zeros(3 * RATE)
    for start in (10_000, 60_000, 110_000):
        sound[start : start + 96] = 0.1 * np.sin(np.arange(96))
    voice = load_voice(save(tmp_path / "a.wav", sound), cache)
    assert np.abs(scaled(voice.samples)).max() == pytest.approx(10 ** (-1.5 / 20), rel=0.1)
    assert voice.measured < voice.loudness < -17


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp3", ["-b:a", "128k"]),
        (".flac", []),
        (".ogg", ["-c:a", "libvorbis"]),
        (".opus", []),
        (".m4a", []),
        (".mkv", ["-c:a", "flac"]),
    ],
)
def test_other_formats_are_decoded_without_moving_a_click(tmp_path, cache, clicks, suffix, options):
    source = save(tmp_path / "a.wav", clicks)
    voice = load_voice(convert(source, tmp_path / f"b{suffix}", *options), cache)
    assert len(voice.samples) == pytest.approx(len(clicks), abs=480)
    # Codecs that lose something smear a click.
    assert clicks_in(voice.samples) == pytest.approx(CLICKS, abs=0 if suffix in (".flac", ".mkv") else 480)
    assert loudness(scaled(voice.samples)) == pytest.approx(-16, abs=1)


@pytest.mark.long
def test_rate_is_converted_without_moving_a_click(tmp_path, cache):
    sound = tone(2, 0.05, 22_050)
    sound[22_050] = 0.9
    voice = load_voice(save(tmp_path / "a.wav", sound, 22_050), cache)
    assert len(voice.samples) == 2 * RATE
    assert np.abs(voice.samples[:, 0].astype(int)).argmax() == pytest.approx(RATE, abs=2)


def test_header_without_a_size_is_accepted(tmp_path, cache):
    """Programs that write to a pipe do not know how long the sound will be."""
    content = save(tmp_path / "a.wav", tone(1, 0.1)).read_bytes()
    for number, size in enumerate([0, 0xFFFFFFFF]):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(content[:40] + size.to_bytes(4, "little") + content[44:])
        assert len(load_voice(path, cache).samples) == RATE


@pytest.mark.long
def test_decoded_voice_is_kept(tmp_path, monkeypatch, clicks):
    path = save(tmp_path / "a.wav", clicks)
    with Cache(tmp_path / "cache") as cache:
        first = load_voice(path, cache)
    copy = tmp_path / "copy.wav"
    path.rename(copy)
    with Cache(tmp_path / "cache") as cache:
        monkeypatch.setattr(voice_module, "Ffmpeg", lambda *_: pytest.fail("the voice was decoded again"))
        second = load_voice(copy, cache)
        assert second.path == copy
        np.testing.assert_array_equal(first.samples, second.samples)
        assert (first.measured, first.loudness) == (second.measured, second.loudness)
        with pytest.raises(pytest.fail.Exception, match="decoded again"):
            load_voice(save(path, clicks / 2), cache)


def png(path):
    subprocess.run(
        [program(), "-loglevel", "error", "-f", "lavfi", "-i", "color=s=64x64", "-frames:v", "1", path], check=True
    )


def cut(path):
    path.write_bytes(save(path, tone(1, 0.1)).read_bytes()[:50_001])


def damaged_flac(path):
    convert(save(path.with_suffix(".wav"), tone(2, 0.1)), path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(2000) + content[len(content) // 2 + 2000 :])


def damaged_ogg(path):
    noise = np.random.default_rng(0).normal(size=4 * RATE) * 0.1
    convert(save(path.with_suffix(".wav"), noise), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a.wav", lambda path: None, "there is no such file; record it, or correct the path"),
        ("a", lambda path: path.mkdir(), "is not a file; name an audio file, such as a WAV"),
        ("a.wav", lambda path: path.write_bytes(b""), "is empty; record it again"),
        ("a.wav", lambda path: path.write_text("no audio\n" * 99), "cannot be decoded: .*; export it again as WAV, "),
        ("a.png", png, "holds no audio; name an audio file, such as a WAV"),
        ("a.wav", cut, "cannot be decoded: .*; export it again as WAV, FLAC, MP3 or OGG"),
        ("a.flac", damaged_flac, "cannot be decoded: .*; export it again as WAV, FLAC, MP3 or OGG"),
        ("a.ogg", damaged_ogg, "is damaged; export or copy it again"),
        ("a.wav", lambda path: save(path, tone(1, 0)), "is silent, not above -70 LUFS; record it again"),
        ("a.wav", lambda path: save(path, tone(1, 0.0001)), "is silent, not above -70 LUFS; record it again"),
        ("a.wav", lambda path: save(path, tone(0, 0)), "has 0 samples, too few to be heard; record it again"),
        ("a.wav", lambda path: save(path, tone(0.005, 1)), "has 240 samples, too few to be heard; record it again"),
        (
            "list.m3u8",
            lambda path: path.write_text(
                "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.mp3\n#EXT-X-ENDLIST\n"
            ),
            "cannot be decoded: .*; export it again as WAV, FLAC, MP3 or OGG",
        ),
    ],
    ids=[
        *("missing", "folder", "empty", "text", "picture", "cut", "damaged flac", "damaged ogg", "silent", "faint"),
        *("no samples", "too short", "playlist of a network"),
    ],
)
def test_file_that_cannot_be_used_is_one_line(tmp_path, monkeypatch, cache, name, make, message):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    with pytest.raises(UsageError, match=f"^{name}: {message}") as caught:
        load_voice(voice_module.Path(name), cache)
    assert "\n" not in str(caught.value)


def test_file_that_is_too_long_is_refused(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(voice_module, "MAX_SECONDS", 2)
    assert len(load_voice(save(tmp_path / "a.wav", tone(2, 0.1)), cache).samples) == 2 * RATE
    with pytest.raises(UsageError, match=r"b\.wav: is longer than 2 seconds; split it into several files"):
        load_voice(save(tmp_path / "b.wav", tone(9, 0.1)), cache)


def read(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        return np.frombuffer(file.readframes(-1), "<i2").reshape(-1, 2)


def made_voice(length, seed=0):
    samples = np.random.default_rng(seed).integers(-(2**15), 2**15, (length, 2), dtype=np.int16)
    return Voice(voice_module.Path("a.wav"), samples, -20.0, -16.0)


def test_track_has_each_voice_in_its_place(tmp_path, monkeypatch):
    # Otherwise the noise would be made as quiet as voices are.
    monkeypatch.setattr(voice_module, "MAX_TRACK_DEVIATION", 99)
    one, two, three = made_voice(5000, 1), made_voice(123_457, 2), made_voice(1, 3)
    places = [(7, one), (5007, two), (200_000, three)]
    write_track(tmp_path / "track.wav", 200_001, iter(places))
    track = read(tmp_path / "track.wav")
    expected = np.zeros((200_001, 2), np.int16)
    for start, voice in places:
        expected[start : start + len(voice.samples)] = voice.samples
    np.testing.assert_array_equal(track, expected)


def tone_voice(seconds, amplitude):
    samples = (tone(seconds, amplitude) * 32767).round().astype(np.int16)
    return Voice(voice_module.Path("a.wav"), np.c_[samples, samples], -20.0, -16.0)


@pytest.mark.parametrize(("click", "reached"), [(0, -16), (0.8, -17)], ids=["room", "peaks"])
def test_short_voices_with_long_pauses_are_amplified_alike(tmp_path, click, reached):
    """Most measured blocks are at the ends of such voices, where a part of the block is silent."""
    voice = tone_voice(0.6, 10 ** (-16 / 20))
    other = tone_voice(0.6, 10 ** (-16 / 20))
    other.samples[9000] = round(click * 32767)
    places = [(number * 3 * RATE, voice if number else other) for number in range(4)]
    measured = write_track(tmp_path / "track.wav", 12 * RATE, places)
    track = scaled(read(tmp_path / "track.wav"))
    assert loudness(track) == pytest.approx(measured, abs=0.15)
    assert measured == pytest.approx(reached, abs=0.7)
    gains = [np.abs(track[start + 20_000 :][:2000]).max() / 10 ** (-16 / 20) for start, _ in places]
    assert gains == pytest.approx([gains[0]] * 4, rel=0.01)
    assert np.abs(track).max() < 10 ** (-1.4 / 20)


@pytest.mark.parametrize("length", [0, 1, 100_003])
def test_track_without_voices_is_silent(tmp_path, length):
    assert write_track(tmp_path / "track.wav", length, []) == -70
    track = read(tmp_path / "track.wav")
    assert (len(track), track.any()) == (length, False)


@pytest.mark.parametrize(
    ("length", "starts"), [(900, [0, 99]), (900, [300, 0]), (199, [100])], ids=["overlap", "order", "end"]
)
def test_voices_that_do_not_fit_are_a_mistake_of_the_caller(tmp_path, length, starts):
    with pytest.raises(AssertionError):
        write_track(tmp_path / "track.wav", length, [(start, made_voice(100)) for start in starts])


def test_track_that_is_too_long_or_has_no_folder_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="is longer than 6 hours; make two lectures"):
        write_track(tmp_path / "track.wav", 7 * 3600 * RATE, [])
    with pytest.raises(Error, match="cannot be written: No such file"):
        write_track(tmp_path / "none" / "track.wav", 1, [])


def test_loudness_of_a_track_is_measured(tmp_path):
    sound = np.r_[tone(2, 0.1), tone(2, 0), tone(1.55, 0.12)]
    sound = np.c_[sound, sound]
    assert track_loudness(save(tmp_path / "a.wav", sound)) == pytest.approx(loudness(sound), abs=0.1)
    assert track_loudness(save(tmp_path / "b.wav", 0 * sound)) == -70
