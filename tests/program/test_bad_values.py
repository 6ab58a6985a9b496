"""Bad values in Python: an error of one line that says what to do, and no file written."""

import re
import sys

import numpy as np
import pytest
import torch

import animopt
from animopt import (
    Function,
    Output,
    Question,
    Racer,
    Scene,
    SettingsMap,
    SlowMotion,
    StartsMap,
    Sweep,
    UsageError,
    load_scene,
    logspace,
    plot,
    tuned,
)
from animopt.core import errors
from animopt.engine.library import function_by_name
from animopt.functions import ravine, rotated
from animopt.regression import line

NAN, INF, HUGE = float("nan"), float("inf"), 10**400


class Raises:
    """A value whose representation raises."""

    def __repr__(self):
        raise RuntimeError("no representation")


class Exits:
    """A value whose representation exits."""

    def __repr__(self):
        raise SystemExit(7)


class Long:
    """A value whose representation is long, has several lines, and clears the screen."""

    def __repr__(self):
        return "<long>\n\x1b[2J" * 100_000


class Unready:
    """A class without torch's interface for optimizers."""

    def __init__(self, parameters, **settings):
        pass


def bowl(x):
    return (x**2).sum()


def make(**changes):
    fields = {"function": Function(bowl, minima=[(0, 0)]), "racers": [Racer("SGD", lr=0.1)], "start": (1, 1)}
    return Scene(**fields | {"seconds": 1} | changes)


def function(**fields):
    return Function(**{"definition": bowl} | fields)


SGD = Racer("SGD", lr=0.1)
OPEN = Racer("SGD")  # without a learning rate
PAIR = "give two numbers, as (-7, 2)"
WHOLE = "give a whole number of at least"
PAUSE = "give the length of the pause, as seconds=2"
SLOW = "give two steps in their order, and how many times as long they take, as SlowMotion(3, 6, times=2)"
VALUES = "give a list of values, as lr=[0.001, 0.01, 0.1]"
SPACE = "give two positive numbers in order and a count of at most 10000, as logspace(0.001, 0.1, 3)"
SIZE = "give two sides of 160 to 16384 pixels, as"
FPS = "give 1 to 120 frames a second"
PATH = "give a path, as 'race.gif'"

# Each call and its message, in which three dots match any text.
CALLS = [
    # Function
    (lambda: Function(None), "function None: give something that can be called with a tensor"),
    (lambda: Function("sin"), "function 'sin': give something that can be called with a tensor"),
    (lambda: Function(Raises()), "function <Raises>: give something that can be called with a tensor"),
    (
        lambda: Function(lambda: 1),
        "the function: too many positional arguments; let it take x, a tensor of two numb...",
    ),
    (lambda: Function(lambda x, y: x), "the function: missing a required argument: 'y'; let it take x, a tensor of..."),
    (
        lambda: function(data=[[1, 2]]),
        "function bowl: too many positional arguments; let it take x, a tensor of two...",
    ),
    (lambda: function(x=(False, True)), f"function x (False, True): {PAIR}"),
    (lambda: function(x=True), f"function x True: {PAIR}"),
    (lambda: function(x={0: 1, 1: 2}), f"function x {{0: 1, 1: 2}}: {PAIR}"),
    (lambda: function(x={0, 1}), f"function x {{0, 1}}: {PAIR}"),
    (lambda: function(x=(0, 1j)), f"function x (0, 1j): {PAIR}"),
    (lambda: function(x=tuple(range(10**6))), f"function x (0, 1, 2, 3, 4, 5, ...): has more than 1000 items; {PAIR}"),
    (lambda: function(x=iter(int, 1)), f"function x <callable_iterator object at ...{PAIR}"),
    (lambda: function(x=np.zeros((2, 2))), f"function x array([[0., 0.], [0., 0.]]): {PAIR}"),
    (lambda: function(x=torch.ones(3)), f"function x tensor([1., 1., 1.]): {PAIR}"),
    (lambda: function(y=(0, HUGE)), "function y (0, 1000000...0000): give two finite numbers, as (-7, 2)"),
    (lambda: function(y=(0, -INF)), "function y (0, -inf): give two finite numbers, as (-7, 2)"),
    (lambda: function(y=(0.0, -0.0)), "function y=(0.0, -0.0): give the lower end first, as y=(-10, 10)"),
    (lambda: function(y=(-1e308, 1e308)), "function y=(-1e+308, 1e+308): is too wide; give a smaller domain, as y=..."),
    (lambda: function(y=Raises()), f"function y <Raises>: {PAIR}"),
    (lambda: function(minima=None), "function minima None: give a list of pairs, as [(0, 0)]"),
    (lambda: function(minima=(0, 0)), f"function minima 0: {PAIR}"),
    (lambda: function(minima=b"ab"), "function minima b'ab': give a list of pairs, as [(0, 0)]"),
    (
        lambda: function(saddles=[(99, 0)]),
        "function saddles (99.0, 0.0): lies outside x=(-10.0, 10.0), y=(-10.0, 10...",
    ),
    (lambda: function(start="ab"), f"function start 'ab': {PAIR}"),
    (lambda: function(name=3), "function name 3: give a text, as name='ravine'"),
    (lambda: function(name="a\nb"), r"function name 'a\nb': leave out the control character '\n'"),
    (lambda: function(name=b"bowl"), "function name b'bowl': give a text, as name='ravine'"),
    (lambda: function(formula=["x"]), "function formula ['x']: give a text, as formula=r'x^2'"),
    (
        lambda: function(formula="\frac{x}{2}"),
        r"function formula '\x0crac{x}{2}': leave out the control character '...",
    ),
    (lambda: function(source=3), "function source 3: give a text, as source='a book'"),
    (lambda: function(data=None), "function data None: give arrays, as data=(inputs, targets)"),
    (lambda: function(data=[[1j]]), "function data: is not all numbers; give arrays, as data=(inputs, targets)"),
    (lambda: function(data=[Raises()]), "function data: is not all numbers; give arrays, as data=(inputs, targets)"),
    (lambda: function(predict=3), "function predict 3: give a function, as predict=lambda x, inputs: ..."),
    (lambda: function()(Raises()), "function bowl at <Raises>: give x and y, as (3, 2)"),
    (lambda: function()(list(range(10**5))), "function bowl at [0, 1, 2, 3, 4, 5, ...]: give x and y, as (3, 2)"),
    (lambda: rotated(ravine, "30"), "degrees '30': give an angle, as rotated(ravine, 30)"),
    (lambda: function_by_name("ravin"), "function 'ravin': no such function; did you mean 'ravine'?"),
    (lambda: line([1, 1], [2, 3]), "inputs: are all 1; give at least two different ones"),
    # Racer
    (lambda: Racer(None), "racer None: give a class, or its name in torch.optim, as 'Adam'"),
    (lambda: Racer("adem"), "racer 'adem': no such optimizer; did you mean 'Adam'?"),
    (lambda: Racer("a" * 10**6), "racer 'aaaaaaaaaa...': no such optimizer; torch.optim has ASGD, ..."),
    (lambda: Racer(dict), "racer dict: has no step; give a class with torch's interface, or a name, as 'Adam'"),
    (lambda: Racer(Unready), "racer Unready: has no step; give a class with torch's interface, or a name, as 'Adam'"),
    (lambda: Racer(torch.optim.SGD([torch.zeros(1)])), "racer SGD ( Parameter Group 0 ...: give a class, or its na..."),
    (lambda: Racer("SGD", lr=True), "racer SGD: lr=True: give a number, as lr=0.001"),
    (lambda: Racer("SGD", lr="0.1"), "racer SGD: lr='0.1': give a number, as lr=0.001"),
    (lambda: Racer("SGD", lr=HUGE), "racer SGD: lr=100000000000000000...0: give a finite number, as lr=0.001"),
    (lambda: Racer("SGD", lr=-1), "racer SGD: lr=-1: give a number of at least 0, as lr=0.001"),
    (lambda: Racer("SGD", lr=[0.1]), "racer SGD: lr=[0.1]: give a number, as lr=0.001"),
    (lambda: Racer("SGD", lr=torch.ones(2)), "racer SGD: lr=tensor([1., 1.]): give a number, as lr=0.001"),
    (lambda: Racer("SGD", lr=np.float64("nan")), "racer SGD: lr=nan: give a finite number, as lr=0.001"),
    (lambda: Racer("SGD", lr=Exits()), "racer SGD: lr=<Exits>: give a number, as lr=0.001"),
    (lambda: Racer("SGD", lr=Long()), "racer SGD: lr=<long> \\x1b[2J<long> \\x1b[2J...: give a number, as lr=0.001"),
    (lambda: Racer("SGD", momentun=0.9), "racer SGD: momentun=0.9: no such setting; did you mean 'momentum'?"),
    (lambda: Racer("SGD", maximize="yes"), "racer SGD: maximize='yes': give True or False, as maximize=False"),
    (lambda: Racer("SGD", nesterov=True), "racer SGD: Nesterov momentum requires a momentum and zero dampening"),
    (lambda: Racer("Adam", betas=0.9), "racer Adam: betas=0.9: give 2 numbers, as betas=(0.9, 0.999)"),
    (lambda: Racer("Adam", betas=(0.9, 1)), "racer Adam: betas=(0.9, 1): give numbers of at least 0 and less tha..."),
    (lambda: Racer("Adam", eps=-1), "racer Adam: Invalid epsilon value: -1; the default is eps=1e-08"),
    (lambda: Racer("SparseAdam"), "racer SparseAdam: cannot run here: takes only sparse gradients, ..."),
    (lambda: Racer("SGD", name=None), "racer name None: give a text, as name='Adam'"),
    (lambda: Racer("SGD", name="a\x1b[31m"), r"racer name 'a\x1b[31m': leave out the control character '\x1b'"),
    (lambda: Racer("SGD", name="\ud800"), r"racer name '\ud800': leave out the control character '\ud800'"),
    (lambda: Racer("SGD", name="a\u202eb"), r"racer name 'a\u202eb': leave out the control character '\u202e'"),
    (lambda: Racer("SGD", start=(1, None)), f"racer start (1, None): {PAIR}"),
    (lambda: Racer("SGD", steps="5"), f"racer steps '5': {WHOLE} 1 and at most 1000000000"),
    (
        lambda: Racer("SGD", steps=10**30),
        f"racer steps 1000000000000000000000000000000: {WHOLE} 1 and at most 1000000000",
    ),
    (lambda: Racer("SGD", scheduler=3), "racer SGD: scheduler=3: give a function of the optimizer, as lambda optim..."),
    (lambda: Racer("SGD", scheduler=lambda o: sys.exit(3)), "racer SGD: scheduler: 3; give a function of the ..."),
    # Scene
    (lambda: make(function="ravine"), "function 'ravine': give something that can be called with a tensor"),
    (
        lambda: make(function=()),
        "function (): give at least one, as function=Function(lambda x: x[0] ** 2 + x[1] ** 2)",
    ),
    (lambda: make(function=[bowl, 3]), "function 3: give something that can be called with a tensor"),
    (lambda: make(racers=SGD), "racers Racer('SGD', lr=0.1): give a list, as racers=[Racer('Adam', lr=0.1)]"),
    (lambda: make(racers="SGD"), "racers 'SGD': give a list, as racers=[Racer('Adam', lr=0.1)]"),
    (lambda: make(racers={"a": SGD}), "racers {'a': Racer('SGD', lr=0.1)}: give a list, as racers=[Racer('Adam', l..."),
    (lambda: make(racers=(each for each in [])), "racers []: give at least one, as racers=[Racer('Adam', lr=0.1)]"),
    (
        lambda: make(racers=[SGD, Raises()]),
        "racers [Racer('SGD', lr=0.1), <Raises>]: give at least one, as racers=[...",
    ),
    (
        lambda: make(racers=[None] * 10**5),
        "racers [None, None, None, None, None, None, ...]: has more than 1000 items; give a list, as r...",
    ),
    (lambda: make(ordered="no"), "ordered 'no': give True or False"),
    (lambda: make(start=(NAN, 1)), "start (nan, 1): give two finite numbers, as (-7, 2)"),
    (lambda: make(start=np.array([1, 2, 3])), f"start array([1, 2, 3]): {PAIR}"),
    (lambda: make(start=None), "start: Racer('SGD', lr=0.1) has none; give the scene one, as start=(-7, 2)"),
    (lambda: make(steps=2.0), f"steps 2.0: {WHOLE} 1 and at most 1000000000"),
    (lambda: make(steps=np.float32(2)), f"steps np.float32(2.0): {WHOLE} 1 and at most 1000000000"),
    (lambda: make(steps=None), f"steps None: {WHOLE} 1 and at most 1000000000"),
    (
        lambda: make(map=StartsMap),
        "map <class 'animopt.engine.maps.StartsMap'>: give StartsMap() or SettingsMap(lr=[0.01, 0.1], mom...",
    ),
    (
        lambda: make(map=StartsMap(2, 2), function=bowl),
        "map: function bowl has no known minima; give it some, as minim...",
    ),
    (
        lambda: make(map=StartsMap(2, 2), noise=1),
        "map: its races are run together, without noise or batches; leave ou...",
    ),
    (lambda: make(noise=HUGE), "noise 1000000...0: give a standard deviation of at least 0, as noise=0.5"),
    (lambda: make(noise="1"), "noise '1': give a standard deviation of at least 0, as noise=0.5"),
    (lambda: make(batch_order="random"), "batch_order 'random': unknown; use shuffled, cyclic"),
    (
        lambda: make(batch_order="cyclic"),
        "batch_order 'cyclic': function bowl has no data; give it some, as data=[(3, -1, -1)]",
    ),
    (
        lambda: make(function=line([0, 1], [1, 2]), start=(0, 1), batch_order="cyclic"),
        "batch_order 'cyclic': each step uses all rows; give the scene a batch, as batch=1",
    ),
    (lambda: make(batch=3), "batch 3: function bowl has no data; leave out the batch"),
    (lambda: make(function=line([0, 1], [1, 2]), start=(0, 1), batch=True), f"batch True: {WHOLE} 1 and at most 2"),
    (lambda: make(seed=2**64), f"seed 18446744073709551616: {WHOLE} 0 and at most 18446744073709551615"),
    (lambda: make(seed=-0.0), f"seed -0.0: {WHOLE} 0 and at most 18446744073709551615"),
    (lambda: make(title=3), "title 3: give a text, as title='A race'"),
    (lambda: make(title={"en": None}), "title in 'en' None: give a text, as title='A race'"),
    (lambda: make(title={1: "a"}), "title's language 1: give a text, as 'en'"),
    (lambda: make(title="a\0b"), r"title 'a\x00b': leave out the control character '\x00'"),
    (lambda: make(title={"ko": "\x9b2J"}), r"title in 'ko' '\x9b2J': leave out the control character '\x9b'"),
    (lambda: make(title=r"\(\frac{\)"), r"'\\(\\frac{\\)': is not all mathtext; ..."),
    (lambda: make(function=function(formula=r"\nosuch{x}")), r"formula '\\nosuch{x}': not mathtext; ..."),
    (lambda: make(caption=["a"]), "caption ['a']: give a text, as caption='In a ravine'"),
    (lambda: make(caption="\u2066" * 10**6), r"caption '\u2066\u2066...': leave out the control character '\u2066'"),
    (lambda: make(seconds=True), "seconds True: give the length of the clip, as seconds=10"),
    (lambda: make(seconds=HUGE), "seconds 100000...0: give the length of the clip, as seconds=10"),
    (lambda: make(seconds=1 + 0j), "seconds (1+0j): give the length of the clip, as seconds=10"),
    (lambda: make(theme=["light"]), "theme ['light']: unknown; use light, dark, print"),
    (lambda: make(theme=None), "theme None: unknown; use light, dark, print"),
    (lambda: make(layout={}), "layout {}: unknown; use auto, wide, panorama, square, ..."),
    (lambda: make(panels="contour"), "panels 'contour': give a list, as panels=['contour', 'loss']"),
    (lambda: make(panels=3), "panels 3: give a list, as panels=['contour', 'loss']"),
    (lambda: make(panels=["contur"]), "panel 'contur': unknown; use wireframe, contour, ..."),
    (lambda: make(panels=()), "panels (): name at least one of wireframe, contour, ..."),
    (lambda: make(focus=3), "focus 3: give a text, as focus='Adam', a racer's name"),
    (lambda: make(focus="Adam"), "focus 'Adam': no racer has that name; use SGD"),
    (lambda: make(loop=["plain"]), "loop ['plain']: unknown; use plain, seamless"),
    (lambda: make(card="1"), "card '1': give the seconds for which the title card is shown, as card=1"),
    (lambda: make(card=1), "seconds 1: the card and the question leave none for the race; give more"),
    (lambda: make(question="why?"), "question 'why?': give a Question, as Question('Which one wins?', step=3)"),
    (
        lambda: make(slow=SlowMotion(1, 2)),
        "slow SlowMotion(first=1, last=2, times=3.0): give a list, as slow=[SlowMotion(3, 6)]",
    ),
    (lambda: make(slow=[(1, 2)]), "slow (1, 2): give a list of SlowMotion, as slow=[SlowMotion(3, 6)]"),
    (lambda: make(lang=None), "lang None: unknown; use en, ko"),
    (lambda: make(origin="mine.py"), "origin 'mine.py': leave it out; animopt.load_scene sets it"),
    # Question, SlowMotion
    (lambda: Question(None), "question None: give a text, as Question('Which one arrives first?')"),
    (lambda: Question(""), "question '': give a text, as Question('Which one arrives first?')"),
    (lambda: Question({"en": 3}), "question in 'en' 3: give a text, as Question('Which one arrives first?')"),
    (lambda: Question("a\x07"), r"question 'a\x07': leave out the control character '\x07'"),
    (lambda: Question("a", step="1"), "question step '1': give the step at which the race pauses, as step=3"),
    (lambda: Question("a", step=-1), "question step -1: give the step at which the race pauses, as step=3"),
    (lambda: Question("a", seconds=[2]), f"question seconds [2]: {PAUSE}"),
    (lambda: Question("a", seconds=INF), f"question seconds inf: {PAUSE}"),
    (lambda: SlowMotion("a", "b"), f"slow first 'a': {SLOW}"),
    (lambda: SlowMotion(2, 2), f"slow last 2: {SLOW}"),
    (lambda: SlowMotion(1, 2, times=False), f"slow times False: {SLOW}"),
    # Maps, sweeps, tuning, spacing
    (lambda: StartsMap(columns=0), f"map columns 0: {WHOLE} 1 and at most 1000000000"),
    (lambda: StartsMap(rows=np.array([3])), f"map rows array([3]): {WHOLE} 1 and at most 1000000000"),
    (lambda: Function(bowl, radius=0), "function radius 0: give a distance, as radius=0.1"),
    (lambda: Function(bowl, radius="near"), "function radius 'near': give a distance, as radius=0.1"),
    (lambda: SettingsMap(lr=[1, 2]), "map settings lr: give two, as SettingsMap(lr=[0.01, 0.1], momentum=[0, 0.9])"),
    (lambda: SettingsMap(lr=3, momentum=[0, 1]), "map settings lr=3: give at least two values, as lr=[0.01, 0.1]"),
    (
        lambda: SettingsMap(lr=iter([1]), momentum=[0, 1]),
        "map settings lr=<list_iterator object at ...: give at least...",
    ),
    (
        lambda: SettingsMap(lr=[1, 2], steps=[1, 2]),
        "map settings 'steps': is the racer's own; vary two of its optimi...",
    ),
    (
        lambda: make(map=SettingsMap(lr=[1, NAN], momentum=[0, 1])),
        "map settings: racer SGD: lr=nan: give a finite number, as lr=0.001",
    ),
    (
        lambda: make(map=SettingsMap(lr=[1, 2], momentun=[0, 1])),
        "map settings: racer SGD: momentun=0: no such setting; did you mean 'momentum'?",
    ),
    (lambda: Sweep("SGD", lr=[1]), "sweep 'SGD': give a racer, as Sweep(Racer('SGD'), lr=[0.1, 0.9])"),
    (lambda: Sweep(SGD), "sweep of nothing: give one setting and its values, as lr=[0.001, 0.01, 0.1]"),
    (lambda: Sweep(SGD, scheduler=[None]), "sweep of scheduler: give one setting and its values, as lr=[0.001, 0...."),
    (lambda: Sweep(SGD, lr={0.1: 1}), f"sweep lr={{0.1: 1}}: {VALUES}"),
    (lambda: Sweep(SGD, lr=Raises()), f"sweep lr=<Raises>: {VALUES}"),
    (lambda: Sweep(SGD, lr=(each for each in ())), f"sweep lr=[]: {VALUES}"),
    (
        lambda: Sweep(SGD, lr=[0.1, np.float64(0.1)]),
        "sweep lr=[0.1, np.float64(0.1)]: 'lr 0.1' is there twice; give...",
    ),
    (lambda: tuned(OPEN), "tuned racers Racer('SGD'): give a list, as tuned([Racer('Adam')])"),
    (lambda: tuned([]), "tuned racers []: give at least one, as tuned([Racer('Adam')])"),
    (
        lambda: tuned([SGD]),
        "tuned: Racer('SGD', lr=0.1) has no setting to search; leave out its lr, or give a range",
    ),
    (lambda: tuned([Racer("SGD", steps=3)]), "tuned: Racer('SGD', steps=3) has steps of its own; leave it out, be..."),
    (lambda: tuned([OPEN], trials=2.5), f"tuned trials 2.5: {WHOLE} 1 and at most 1000000000"),
    (lambda: tuned([OPEN], seed=2**32), f"tuned seed 4294967296: {WHOLE} 0 and at most 4294967295"),
    (lambda: tuned([OPEN], starts=3), "tuned starts 3: give a list, as starts=[(-7, 2)]"),
    (lambda: tuned([OPEN], starts=[]), "tuned starts []: give at least one, as starts=[(-7, 2)]"),
    (lambda: tuned([OPEN], lr=0.1), f"tuned lr 0.1: {PAIR}"),
    (lambda: tuned([OPEN], lr=(1, 0.1)), "tuned lr (1, 0.1): give the lower end first, as lr=(0.001, 1)"),
    (lambda: tuned([OPEN], lr=(-1, 1)), "racer SGD: lr=-1.0: give a number of at least 0, as lr=0.001"),
    (lambda: tuned([OPEN], nesterov=(0, 1)), "racer SGD: nesterov=0.0: give True or False, as nesterov=False"),
    (
        lambda: tuned([OPEN], momentun=(0, 1)),
        "tuned momentun: no racer takes it, or all have fixed it; did you mean ...",
    ),
    (lambda: logspace(0, 1, 3), f"logspace(0, 1, 3): {SPACE}"),
    (lambda: logspace(1, HUGE, 3), f"logspace(1, 1000000...0, 3): {SPACE}"),
    (lambda: logspace(1, 2, 10**9), f"logspace(1, 2, 1000000000): {SPACE}"),
    (lambda: logspace(1j, 2, 3), f"logspace(1j, 2, 3): {SPACE}"),
    # Output, plot, and a scene's methods
    (lambda: Output(3), f"output 3: {PATH}"),
    (lambda: Output(b"a.gif"), f"output b'a.gif': {PATH}"),
    (lambda: Output("a\0.gif"), rf"output 'a\x00.gif': {PATH}"),
    (lambda: Output("a.avi"), "a.avi: suffix '.avi'; a clip ends in ..."),
    (lambda: Output("a.gif", size=3), f"size 3: {SIZE} (1280, 720)"),
    (lambda: Output("a.gif", size="640x360"), f"size '640x360': {SIZE} (1280, 720)"),
    (lambda: Output("a.gif", size=(640.0, 360)), f"size (640.0, 360): {SIZE} (1280, 720)"),
    (lambda: Output("a.gif", size=(640, 10)), f"size 640x10: {SIZE} 1280x720"),
    (lambda: Output("a.gif", fps="10"), f"fps '10': {FPS}"),
    (lambda: Output("a.gif", fps=True), f"fps True: {FPS}"),
    (lambda: Output("a.gif", theme="drak"), "theme 'drak': unknown; use light, dark, print"),
    (lambda: Output("a.gif", theme=3), "theme 3: unknown; use light, dark, print"),
    (lambda: Output("a.gif", max_bytes="10MB"), f"max bytes '10MB': {WHOLE} 0"),
    (lambda: Output("a.gif", transparent=True), "transparent: a .gif has no half-transparent edges; use ..."),
    (lambda: Output("a.mov", transparent="yes"), "transparent 'yes': give True or False"),
    (lambda: plot(3), "function 3: give something that can be called with a tensor"),
    (lambda: plot(bowl, Raises()), "points <Raises>: give two equally long sequences, as [[0, 1, 2], [0, -1, 3]]"),
    (lambda: plot(bowl, [[1, 2], [1]]), "points [[1, 2], [1]]: give two equally long sequences, as [[0, 1, 2], ..."),
    (lambda: make().save(), "outputs: are none; give at least one, as save('race.gif')"),
    (lambda: make().save(3), f"output 3: {PATH}"),
    (lambda: make().save("a.gif", workers=True), "workers True: give a number of processes, as workers=2, or 0 fo..."),
    (lambda: make().save("a.gif", sidecars="poster"), "sidecars 'poster': give a list, as sidecars=['poster']"),
    (lambda: make().save("a.gif", sidecars=["cover"]), "sidecars 'cover': unknown; use poster, ..."),
    (lambda: make().still("a.png", "half"), "still 'half': give a second of the clip, 0 to 1"),
    (lambda: make().still("a.png", NAN), "still nan: give a second of the clip, 0 to 1"),
    (lambda: make().still(None, 0), f"output None: {PATH}"),
    (lambda: make().storyboard("a.png", size=(1, 2, 3)), f"size (1, 2, 3): {SIZE} (1280, 720)"),
    (lambda: make().clip(3), "clip 3: a notebook shows gif or mp4; use one of them"),
    (lambda: make().clip("gif", fps=None, theme="drak"), "theme 'drak': unknown; use light, da..."),
    (lambda: load_scene(3), "scene file 3: give a path, as 'my_scene.py'"),
    (lambda: load_scene(""), "scene file '': give a path, as 'my_scene.py'"),
]


@pytest.mark.parametrize(
    ("call", "message"),
    CALLS,
    ids=[f"{number}-{re.sub('[^!-~]+', '_', message)[:40]}" for number, (_, message) in enumerate(CALLS)],
)
def test_bad_argument_is_refused_in_one_line(call, message, tmp_path, monkeypatch, assert_message, read_files):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        call()
    assert type(caught.value) is UsageError
    assert_message(str(caught.value), message)
    assert read_files(tmp_path) == {}


def test_bad_arguments_differ():
    messages = [message for _, message in CALLS]
    assert len(set(messages)) > 0.95 * len(messages)
    assert len(messages) >= 130


def test_numbers_and_iterables_of_other_types_are_accepted():
    scene = make(steps=np.int64(3), seconds=np.float32(2), seed=np.uint8(1), noise=torch.tensor(0.5), card=np.int32(0))
    assert [type(each) for each in (scene.steps, scene.seconds, scene.seed, scene.noise)] == [int, float, int, float]
    assert make(title="two\nlines", caption={"en": "a", "ko": "가"}).title == "two\nlines"
    assert Racer("SGD", name="שלום \u200d👩‍🔬").name
    assert SettingsMap(lr=(each for each in [1, 2]), momentum=np.array([0, 0.5])).settings["lr"] == (1, 2)
    assert Output("a.gif", size=(np.int64(640), 360)).size == (640, 360)
    assert function(x=torch.tensor([0.0, 1.0]), y=np.array([0, 1])).x == (0.0, 1.0)
    assert SlowMotion(3, INF).last == INF


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a" * 10**6, r"'a+\.\.\.a+'"),
        (Raises(), "<Raises>"),
        (Exits(), "<Exits>"),
        ([[[[[[Long()]]]]]], r"\[\[\[\[\.\.\.\]\]\]\]"),
        (10**5000, "<an int of 16610 bits>"),
        ("\x1b[2J\u202e\ud800", r"'\\x1b\[2J\\u202e\\ud800'"),
        ({"a": Raises()}, "{'a': <Raises>}"),
    ],
    ids=range(7),
)
def test_short_repr_shows_any_value(value, message):
    text = errors.short_repr(value)
    assert re.fullmatch(message, text)
    assert len(text) <= errors.MAX_VALUE_LENGTH


def test_error_is_one_line_with_any_content():
    assert str(animopt.Error("a\nb \x1b[2J \u202e é 가")) == "a\\nb \\x1b[2J \\u202e é 가"
