"""Bad input, through Python and through the command line: one line that says what to do, and nothing written."""

import importlib
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import animopt
from animopt import (
    Error,
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
from animopt.cli.commands import COMMANDS
from animopt.core import errors
from animopt.core.terminal_text import CONTROLS
from animopt.functions import by_name, ravine, rotated
from animopt.regression import line
from animopt.scene import catalog

MOST = 420
"""Characters that a message may have: values are shown short, lists of what there is are not."""

NAN, INF, HUGE = float("nan"), float("inf"), 10**400


class Raises:
    """A value whose representation raises."""

    def __repr__(self):
        raise RuntimeError("no representation")


class Exits:
    """A value whose representation leaves."""

    def __repr__(self):
        raise SystemExit(7)


class Long:
    """A value whose representation is long, has lines, and would clear a screen."""

    def __repr__(self):
        return "<long>\n\x1b[2J" * 100_000


class Unready:
    """A class with none of torch's interface."""

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
OPEN = Racer("SGD")
PAIR = "give two numbers, as (-7, 2)"
WHOLE = "give a whole number of at least"
PAUSE = "give the length of the pause, as seconds=2"
SLOW = "give two steps in their order, and how many times as long they take, as SlowMotion(3, 6, times=2)"
VALUES = "give a list of values, as lr=[0.001, 0.01, 0.1]"
SPACE = "give two positive numbers in order and a count of at most 10000, as logspace(0.001, 0.1, 3)"
SIZE = "give two sides of 160 to 16384 pixels, as"
FPS = "give 1 to 120 frames a second"
PATH = "give a path, as 'race.gif'"

# What is given, and what is said: the whole message, or its beginning where it ends in dots.
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
    (lambda: function(x=tuple(range(10**6))), f"function x (0, 1, 2, 3, 4, 5, ...): {PAIR}"),
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
    (lambda: function(data=None), "function data: is not all numbers; give arrays, as data=(inputs, targets)"),
    (lambda: function(data=[[1j]]), "function data: is not all numbers; give arrays, as data=(inputs, targets)"),
    (lambda: function(data=[Raises()]), "function data: is not all numbers; give arrays, as data=(inputs, targets)"),
    (lambda: function(predict=3), "function predict 3: give a function, as predict=lambda x, inputs: ..."),
    (lambda: function()(Raises()), "function bowl at <Raises>: give x and y, as (3, 2)"),
    (lambda: function()(list(range(10**5))), "function bowl at [0, 1, 2, 3, 4, 5, ...]: give x and y, as (3, 2)"),
    (lambda: rotated(ravine, "30"), "degrees '30': give an angle, as rotated(ravine, 30)"),
    (lambda: by_name("ravin"), "function 'ravin': no such function; did you mean 'ravine'?"),
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
    (lambda: Racer("SparseAdam"), "racer SparseAdam: cannot run here: takes sparse gradients alone, ..."),
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
        "racers [None, None, None, None, None, None, ...]: give at least one, as r...",
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
        "map <class 'animopt.engine.maps.StartsMap'>: give StartsMap() or SettingsMap(lr=[0.01, 0.1], momentum=...",
    ),
    (
        lambda: make(map=StartsMap(2, 2), function=bowl),
        "map: function bowl has no minima to come to; give it some, as ...",
    ),
    (
        lambda: make(map=StartsMap(2, 2), noise=1),
        "map: its races are run together, without noise or batches; leave ou...",
    ),
    (lambda: make(noise=HUGE), "noise 1000000...0: give a standard deviation of at least 0, as noise=0.5"),
    (lambda: make(noise="1"), "noise '1': give a standard deviation of at least 0, as noise=0.5"),
    (lambda: make(batch=3), "batch 3: function bowl has no data; leave out the batch"),
    (lambda: make(function=line([0, 1], [1, 2]), batch=True), f"batch True: {WHOLE} 1 and at most 2"),
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
    (lambda: make(theme=["light"]), "theme ['light']: there is none of that name; use light, dark, print"),
    (lambda: make(theme=None), "theme None: there is none of that name; use light, dark, print"),
    (lambda: make(layout={}), "layout {}: there is none of that name; use auto, wide, square, ..."),
    (lambda: make(panels="contour"), "panels 'contour': give a list, as panels=['contour', 'loss']"),
    (lambda: make(panels=3), "panels 3: give a list, as panels=['contour', 'loss']"),
    (lambda: make(panels=["contur"]), "panel 'contur': there is none of that name; use wireframe, contour, ..."),
    (lambda: make(panels=()), "panels (): name at least one of wireframe, contour, ..."),
    (lambda: make(focus=3), "focus 3: give a text, as focus='Adam', a racer's name"),
    (lambda: make(focus="Adam"), "focus 'Adam': no racer has that name; use SGD"),
    (lambda: make(loop=["plain"]), "loop ['plain']: there is none of that name; use plain or seamless"),
    (lambda: make(card="1"), "card '1': give the seconds for which the title card stands, as card=1"),
    (lambda: make(card=1), "seconds 1: the card and the question leave none for the race; give more"),
    (lambda: make(question="why?"), "question 'why?': give a Question, as Question('Which one wins?', step=3)"),
    (
        lambda: make(slow=SlowMotion(1, 2)),
        "slow SlowMotion(first=1, last=2, times=3.0): give a list, as slow=[SlowMotion(3, 6)]",
    ),
    (lambda: make(slow=[(1, 2)]), "slow (1, 2): give a list of Slow, as slow=[SlowMotion(3, 6)]"),
    (lambda: make(lang=None), "lang None: give a text, as lang='en'"),
    (lambda: make(origin="mine.py"), "origin 'mine.py': leave it out; animopt.load_scene sets it"),
    # Question, Slow
    (lambda: Question(None), "question None: give a text, as Question('Which one arrives first?')"),
    (lambda: Question(""), "question '': give a text, as Question('Which one arrives first?')"),
    (lambda: Question({"en": 3}), "question in 'en' 3: give a text, as Question('Which one arrives first?')"),
    (lambda: Question("a\x07"), r"question 'a\x07': leave out the control character '\x07'"),
    (lambda: Question("a", step="1"), "question step '1': give the step at which the race stands still, as step=3"),
    (lambda: Question("a", step=-1), "question step -1: give the step at which the race stands still, as step=3"),
    (lambda: Question("a", seconds=[2]), f"question seconds [2]: {PAUSE}"),
    (lambda: Question("a", seconds=INF), f"question seconds inf: {PAUSE}"),
    (lambda: SlowMotion("a", "b"), f"slow first 'a': {SLOW}"),
    (lambda: SlowMotion(2, 2), f"slow last 2: {SLOW}"),
    (lambda: SlowMotion(1, 2, times=False), f"slow times False: {SLOW}"),
    # Maps, sweeps, tuning, spacing
    (lambda: StartsMap(columns=0), f"map columns 0: {WHOLE} 1 and at most 1000000000"),
    (lambda: StartsMap(rows=np.array([3])), f"map rows array([3]): {WHOLE} 1 and at most 1000000000"),
    (lambda: StartsMap(within=None), "map within None: give a part of the domain's diagonal, as within=0.01"),
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
        "map settings 'momentun': SGD does not take it; did you mean 'momentum'?",
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
        "tuned: Racer('SGD', lr=0.1) has nothing left to search for; leave out its lr, or give a range",
    ),
    (lambda: tuned([Racer("SGD", steps=3)]), "tuned: Racer('SGD', steps=3) has steps of its own; leave it out, fo..."),
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
    (lambda: Output("a.gif", theme="drak"), "theme 'drak': there is none of that name; use light, dark, print"),
    (lambda: Output("a.gif", theme=3), "theme 3: there is none of that name; use light, dark, print"),
    (lambda: Output("a.gif", most="10MB"), f"max bytes '10MB': {WHOLE} 0"),
    (lambda: Output("a.gif", transparent=True), "transparent: a .gif has no half-transparent edges; use ..."),
    (lambda: Output("a.mov", transparent="yes"), "transparent 'yes': give True or False"),
    (lambda: plot(3), "function 3: give something that can be called with a tensor"),
    (lambda: plot(bowl, Raises()), "points <Raises>: give two equally long sequences, as [[0, 1, 2], [0, -1, 3]]"),
    (lambda: plot(bowl, [[1, 2], [1]]), "points [[1, 2], [1]]: give two equally long sequences, as [[0, 1, 2], ..."),
    (lambda: make().save(), "outputs: are none; give at least one, as save('race.gif')"),
    (lambda: make().save(3), f"output 3: {PATH}"),
    (lambda: make().save("a.gif", workers=True), "workers True: give a number of processes, as workers=2, or 0 fo..."),
    (lambda: make().save("a.gif", sidecars="poster"), "sidecars 'poster': give a list, as sidecars=['poster']"),
    (lambda: make().save("a.gif", sidecars=["cover"]), "sidecars 'cover': there is none of that name; use poster, ..."),
    (lambda: make().still("a.png", "half"), "still 'half': give a second of the clip, 0 to 1"),
    (lambda: make().still("a.png", NAN), "still nan: give a second of the clip, 0 to 1"),
    (lambda: make().still(None, 0), f"output None: {PATH}"),
    (lambda: make().storyboard("a.png", size=(1, 2, 3)), f"size (1, 2, 3): {SIZE} (1280, 720)"),
    (lambda: make().clip(3), "clip 3: a notebook shows gif or mp4; use one of them"),
    (lambda: make().clip("gif", fps=None, theme="drak"), "theme 'drak': there is none of that name; use light, da..."),
    (lambda: load_scene(3), "scene file 3: give a path, as 'my_scene.py'"),
    (lambda: load_scene(""), "scene file '': give a path, as 'my_scene.py'"),
]


def pattern(said):
    """A regular expression for a message in which dots stand for anything."""
    return ".*".join(re.escape(part) for part in said.split("...")) + ("" if said.endswith("...") else "$")


def files(folder):
    """Every file and folder with what is in it, the hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def assert_short(said):
    assert said == said.strip()
    assert not CONTROLS.search(said), said
    assert "Traceback" not in said
    assert len(said) <= MOST, len(said)


@pytest.mark.parametrize(
    ("call", "said"),
    CALLS,
    ids=[f"{number}-{re.sub('[^!-~]+', '_', said)[:40]}" for number, (_, said) in enumerate(CALLS)],
)
def test_a_bad_argument_is_refused_in_a_line(call, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        call()
    assert type(caught.value) is UsageError
    assert_short(str(caught.value))
    assert re.match(pattern(said), str(caught.value)), str(caught.value)
    assert files(tmp_path) == {}


def test_no_bad_argument_is_there_twice():
    told = [said for _, said in CALLS]
    assert len(set(told)) > 0.95 * len(told)
    assert len(told) >= 130


@pytest.mark.parametrize("make_path", [lambda folder: folder, lambda folder: folder / "not.py"], ids=["folder", "none"])
def test_a_scene_file_that_cannot_be_read_is_named_as_it_was_given(make_path, tmp_path):
    path = make_path(tmp_path)
    with pytest.raises(Error, match=rf"^{re.escape(str(path))}: .*; give the path of a scene file$") as caught:
        load_scene(path)
    assert type(caught.value) is Error


# Numbers of NumPy and of torch are numbers, and stay so.
def test_what_is_nearly_right_is_taken():
    scene = make(steps=np.int64(3), seconds=np.float32(2), seed=np.uint8(1), noise=torch.tensor(0.5), card=np.int32(0))
    assert [type(each) for each in (scene.steps, scene.seconds, scene.seed, scene.noise)] == [int, float, int, float]
    assert make(title="two\nlines", caption={"en": "a", "ko": "가"}).title == "two\nlines"
    assert Racer("SGD", name="שלום \u200d👩‍🔬").name
    assert SettingsMap(lr=(each for each in [1, 2]), momentum=np.array([0, 0.5])).settings["lr"] == (1, 2)
    assert Output("a.gif", size=(np.int64(640), 360)).size == (640, 360)
    assert function(x=torch.tensor([0.0, 1.0]), y=np.array([0, 1])).x == (0.0, 1.0)
    assert SlowMotion(3, INF).last == INF


@pytest.mark.parametrize(
    ("value", "said"),
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
def test_any_value_can_be_shown(value, said):
    shown = errors.short_repr(value)
    assert re.fullmatch(said, shown)
    assert len(shown) <= errors.MAX_VALUE_LENGTH


IMPORTS = "from animopt import Function, Question, Racer, Scene, SlowMotion, Sweep\nimport torch\n"
SCENE = "scene = Scene(function={}, racers=[Racer('SGD', lr=0.1)], start=(1, 1), seconds=1)\n"
GOOD = IMPORTS + SCENE.format("lambda x: (x ** 2).sum()")
QUICK = ["-o", "a.gif", "--size", "320x180", "--fps", "5"]
DEEP = "(" * 300

# The text of mine.py, and what is said of it.
SCENE_FILES = {
    "empty": ("", "mine.py: has no scene; end it with scene = Scene(...)"),
    "a number": ("scene = 3", "mine.py: has no scene, but 3; end it with scene = Scene(...)"),
    "the class": (
        "from animopt import Scene as scene",
        "mine.py: has no scene, but <class 'animopt.scene.scene.Scene'>; end it with scene = Scene(...)",
    ),
    "hostile": (
        "class A:\n    def __repr__(self): 1 / 0\nscene = A()",
        "mine.py: has no scene, but <A>; end it with...",
    ),
    "never closed": ("scene = (\n", "mine.py, line 1, column 9: '(' was never closed: scene = ("),
    "a quote": (
        "\n\ntitle = 'x",
        "mine.py, line 3, column 9: unterminated string literal (detected at line 3): title = 'x",
    ),
    "indented": (
        "if True:\npass",
        "mine.py, line 2, column 1: expected an indented block after 'if' statement on li...",
    ),
    "a tab": (
        "if True:\n        a = 1\n\tb = 2",
        "mine.py, line 3, column ...: inconsistent use of tabs and spaces in i...",
    ),
    "a long line": (f"a = [{'1, ' * 200}1 1]", "mine.py, line 1, column 606: invalid syntax...: 1, 1, 1,..."),
    "parentheses": (DEEP, "mine.py, line 1, column ...: too many nested parentheses: (((((((..."),
    "null": ("x = 1\0", "mine.py: holds null bytes; save it as text, in UTF-8"),
    "latin": (b"x = 1\ny = '\xff'", "mine.py, line 2: is not UTF-8; save it as UTF-8"),
    "utf-16": ("x = 1".encode("utf-16"), "mine.py, line 1: invalid or missing encoding declaration; save it as UTF-8"),
    "an encoding": (b"# coding: klingon\n", "mine.py, line 1: unknown encoding: klingon; save it as UTF-8"),
    "a name": ("\n\nscene = Scen()", "mine.py, line 3: NameError: name 'Scen' is not defined"),
    "deeper": (
        "def deeper():\n    return 1 / 0\n\nx = deeper()",
        "mine.py, line 2: ZeroDivisionError: division by zero",
    ),
    "lines": ("raise ValueError('one\\n\\x1b[2Jtwo')", "mine.py, line 1: ValueError: one"),
    "a long story": ("raise ValueError('x' * 10**6)", "mine.py, line 1: ValueError: xxxxx...xxxxx"),
    "no story": ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "mine.py, line 3: E: E"),
    "leaves": ("import sys\nsys.exit(0)", "mine.py, line 2: SystemExit: 0"),
    "a base": ("class E(BaseException): pass\nraise E('odd')", "mine.py, line 2: E: odd"),
    "recursion": ("def f(): return f()\nf()", "mine.py, line 1: RecursionError: maximum recursion depth exceeded"),
    "no module": (
        "import no_such_thing",
        "mine.py, line 1: ModuleNotFoundError: No module named 'no_such_thing'; install it, as pip install "
        "no_such_thing, or put no_such_thing.py beside the file",
    ),
    "another project": (
        "import sklearn_x.a",
        "mine.py, line 1: ModuleNotFoundError: No module named 'sklearn_x'; in...",
    ),
    "a typo": ("import torhc", "mine.py, line 1: ModuleNotFoundError: No module named 'torhc'; did you mean 'torch'?"),
    "a part": (
        "import torch.nosuch",
        "mine.py, line 1: ModuleNotFoundError: No module named 'torch.nosuch'; there is none in torch; correct...",
    ),
    "from": ("from animopt import Race", "mine.py, line 1: ImportError: cannot import name 'Race' from 'animopt'..."),
    "an argument": (
        IMPORTS + "Scene(funktion=3, racers=[])",
        "mine.py, line 3: TypeError: Scene.__init__() got an unexpected keyword argument 'funktion'; did you mean "
        "'function'?",
    ),
    "none given": (
        IMPORTS + "Scene()",
        "mine.py, line 3: TypeError: Scene.__init__() missing 2 required keyword-only ...",
    ),
    "a racer": (IMPORTS + "Racer('Adem')", "mine.py, line 3: racer 'Adem': no such optimizer; did you mean 'Adam'?"),
    "a file": (
        "open('nowhere.txt')",
        "mine.py, line 1: FileNotFoundError: [Errno 2] No such file or directory: 'now...",
    ),
    "its own folder": ("__file__ + 1", 'mine.py, line 1: TypeError: can only concatenate str (not "int") to str'),
}

# The body of a function of x, and what is said of it.
FUNCTIONS = {
    "none": ("pass", "function mine: returned None; end it with return and the value"),
    "an array": (
        "return x.detach().numpy().sum(keepdims=True)",
        "function mine: returned ndarray; write it in torch arithmetic; l...",
    ),
    "a float": ("return 3.0", "function mine: returned float; write it in torch arithmetic"),
    "a text": ("return 'x'", "function mine: returned str; write it in torch arithmetic"),
    "a tuple": ("return x[0], x[1]", "function mine: returned tuple; write it in torch arithmetic"),
    "a generator": ("yield x[0]", "function mine: returned generator; write it in torch arithmetic"),
    "its argument": ("return x", "function mine: returned shape (2,) at one point; return one number"),
    "a whole number": ("return x.sum().long()", "function mine: returned torch.int64; ..."),
    "a truth": (
        "return x[0] > 0",
        "function mine: returned torch.bool; return a floating-point number, without int ...",
    ),
    "complex": (
        "return torch.complex(x[0], x[1])",
        "function mine: returned a complex number; return a real one, as ...",
    ),
    "fails": ("raise ValueError('no')", "function mine, line 4 of mine.py: ValueError: no"),
    "fails elsewhere": (
        "if x[0] < -5: raise ValueError('no')\n    return x.sum()",
        "function mine, line 4 of mine.py: ValueError: no",
    ),
    "fails later": (
        "if 0.1 < x[0] < 0.2 and x[0] == x[1]: raise ValueError('late')\n    return (x ** 2).sum()",
        "function mine, line 4 of mine.py: ValueError: late",
    ),
    "constant": (
        "return torch.tensor(3.0)",
        "function mine: autograd cannot follow it; write it in torch, as torch...",
    ),
    "detached": ("return x.detach().sum()", "function mine: autograd cannot follow it; line 4: leave out .detach()"),
    "without gradients": (
        "with torch.no_grad(): return x.sum()",
        "function mine: autograd cannot follow it; line 4: leave out torch.no_grad()",
    ),
    "half a gradient": (
        "return x[0] ** 2 + x[1].item() ** 2",
        "function mine: autograd loses part of its gradient, ...; line 4: leave out .item()",
    ),
    "in place": (
        "x *= 2\n    return x.sum()",
        "function mine, line 4 of mine.py: RuntimeError: a leaf Variable that requires grad is being used in an "
        "in-place operation.; leave x as it is, and work on x.clone()",
    ),
    "no number at the start": (
        "return x.sum() + torch.log(x[0] - 1.5)",
        "racer SGD: the function is nan at its start; start elsewhere",
    ),
    "infinite at the start": (
        "return x.sum() + 1 / (x[0] - 1)",
        "racer SGD: the function is inf at its start; start ...",
    ),
    "no number": ("return x.sum() * float('nan')", "racer SGD: the function is nan at its start; start elsewhere"),
    "endless": ("return mine(x)", "function mine, line 4 of mine.py: RecursionError: maximum recursion depth exceeded"),
    "leaves": ("raise SystemExit(0)", "function mine, line 4 of mine.py: SystemExit: 0"),
    "a base": ("raise GeneratorExit('x')", "function mine, line 4 of mine.py: GeneratorExit: x"),
    "too much memory": ("return torch.ones(10 ** 15) @ x", "function mine, line 4 of mine.py: RuntimeError: ..."),
    "shapes": (
        "return x[:int(x[0] > 0)].sum() + x[2]",
        "function mine, line 4 of mine.py: IndexError: index 2 is out ...",
    ),
    "escapes": ("raise ValueError('\\x1b[2J\\u202e')", r"function mine, line 4 of mine.py: ValueError: \x1b[2J\u202e"),
}

OWN = {"mine.py": GOOD}
TWO = {"scenes/my_scene.py": GOOD, "scenes/my-scene.py": GOOD}
BARE = "def mine(x):\n    return (x ** 2).sum()\n"
RACE = ["race", "--function", "ravine", "--racer"]
ADAM = [*RACE, "adam:lr=.1", "-o", "a.gif"]
LIKE = "write it as adam:lr=.05,betas=(.9,.99)"

# What is there, what is asked for, the exit code, and what is said.
COMMAND_LINES = {
    "no such scene": (
        TWO | {"scenes/my_own.py": ""},
        ["my-onw"],
        2,
        "there is no scene 'my-onw'; did you mean 'my-own'?",
    ),
    "a long name": ({}, ["x" * 5000], 2, "there is no scene 'xxx...xxx'; animopt without a scene lists them"),
    "an escape": ({}, ["\x1b[2J"], 2, r"there is no scene '\x1b[2J'; animopt without a scene lists them"),
    "no such file": ({}, ["no/mine.py"], 2, "no/mine.py: there is no such scene file"),
    "a folder": ({"sub.py/a.txt": ""}, ["sub.py"], 2, "sub.py: there is no such scene file"),
    "two of one name": (
        TWO,
        ["my-scene", *QUICK],
        2,
        f"scene 'my-scene': is the name of {Path('scenes/my-scene.py')} and {Path('scenes/my_scene.py')}; rename one, "
        "or name one by its path",
    ),
    "two of one name, all": (
        TWO,
        ["all", "-o", "out"],
        2,
        "...: its clip would take the place of that of ...; rename...",
    ),
    "an option": (OWN, ["mine.py", "--colour"], 2, "No such option...--colour..."),
    "an argument": (OWN, ["mine.py", "more"], 2, "Got unexpected extra argument (more)"),
    "an option's value": (OWN, ["mine.py", "-o"], 2, "Option '-o' requires an argument."),
    "a suffix": (OWN, ["mine.py", "-o", "a.avi"], 2, "a.avi: suffix '.avi'; a clip ends in ..."),
    "nowhere": (OWN, ["mine.py", "-o", "no/a.gif"], 2, f"{Path('no/a.gif')}: there is no folder 'no'; make it first"),
    "twice": (
        OWN,
        ["mine.py", "-o", "a.gif", "-o", "./a.gif"],
        2,
        "a.gif: is named twice; give each output a path ...",
    ),
    "size": (
        OWN,
        ["mine.py", "--size", "large"],
        2,
        "Invalid value for '--size': 'large': give a width and a height...",
    ),
    "small": (OWN, ["mine.py", "--size", "1x1"], 2, f"size 1x1: {SIZE} 1280x720"),
    "digits": (OWN, ["mine.py", "--size", "９x９"], 2, f"size 9x9: {SIZE} 1280x720"),
    "fps": (OWN, ["mine.py", "--fps", "fast"], 2, "Invalid value for '--fps': 'fast' is not a valid float."),
    "fps nan": (OWN, ["mine.py", "--fps", "nan", "-o", "a.mp4"], 2, f"fps nan: {FPS}"),
    "fps inf": (OWN, ["mine.py", "--fps", "inf", "-o", "a.mp4"], 2, f"fps inf: {FPS}"),
    "seconds": (
        OWN,
        ["mine.py", "--seconds", "nan", *QUICK],
        2,
        "seconds nan: give the length of the clip, as second...",
    ),
    "theme": (OWN, ["mine.py", "--theme", "drak"], 2, "Invalid value for '--theme': 'drak' is not one of 'light', ..."),
    "layout": (OWN, ["mine.py", "--layout", "wie"], 2, "Invalid value for '--layout': 'wie' is not one of 'auto', ..."),
    "lang": (OWN, ["mine.py", "--lang", "\x1b", *QUICK], 2, r"lang '\x1b': leave out the control character '\x1b'"),
    "for": (OWN, ["mine.py", "--for", "tv"], 2, "Invalid value for '--for': 'tv' is not one of 'github', ..."),
    "max-bytes": (OWN, ["mine.py", "--max-bytes", "small", "-o", "a.gif"], 2, "max bytes 'small': ..."),
    "max-bytes 0": (
        OWN,
        ["mine.py", "--max-bytes", "1kB", "-o", "a.gif"],
        2,
        "max bytes 1 kB: no clip is that small; gi...",
    ),
    "transparent": (
        OWN,
        ["mine.py", "--transparent", "-o", "a.gif"],
        2,
        "transparent: a .gif has no half-transparent...",
    ),
    "workers": (OWN, ["mine.py", "--workers", "-1"], 2, "Invalid value for '--workers': -1 is not in the range x>=0."),
    "cluster": (OWN, ["mine.py", "--cluster", "nowhere"], 2, "cluster 'nowhere': ..."),
    "still": (OWN, ["mine.py", "--still", "9", "-o", "a.png"], 2, "still 9: give a second of the clip, 0 to 1"),
    "still nan": (OWN, ["mine.py", "--still", "nan", "-o", "a.png"], 2, "still nan: give a second of the clip, 0 to 1"),
    "still gif": (OWN, ["mine.py", "--still", "0", "-o", "a.gif"], 2, "a.gif: a still ends in .png, .svg, .pdf"),
    "both": (
        OWN,
        ["mine.py", "--still", "0", "--storyboard"],
        2,
        "storyboard: shows six moments, a still one; leave ...",
    ),
    "with": (
        OWN,
        ["mine.py", "--sidecars", "cover", *QUICK],
        2,
        "sidecars 'cover': there is none of that name; use poster, ...",
    ),
    "still with": (
        OWN,
        ["mine.py", "--still", "0", "--sidecars", "alt"],
        2,
        "with alt: stands beside a clip, and a still...",
    ),
    "draft": (
        OWN,
        ["mine.py", "--still", "0", "--draft"],
        2,
        "draft: a still takes no longer at full size; leave out ...",
    ),
    "no function": ({}, ["race", "--racer", "adam"], 2, "Missing option '--function'."),
    "no racer": ({}, ["race", "--function", "ravine"], 2, "Missing option '--racer'."),
    "function": (
        {},
        ["race", "--function", "ravin", "--racer", "adam"],
        2,
        "function 'ravin': no such function; did y...",
    ),
    "function file": (
        {},
        ["race", "--function", "a.py", "--racer", "adam"],
        2,
        "function 'a.py': there is no such file; ...",
    ),
    "two functions": (
        {"a.py": BARE + BARE.replace("mine", "other")},
        ["race", "--function", "a.py", "--racer", "adam", *QUICK],
        2,
        "function 'a.py': has mine, other; leave one function in the file",
    ),
    "broken function": (
        {"a.py": "def mine(x:\n"},
        ["race", "--function", "a.py", "--racer", "adam", *QUICK],
        1,
        "a.py, line 1, column 9: '(' was never closed: def mine(x:",
    ),
    "racer": ({}, [*RACE, "adem"], 2, "racer 'adem': no such optimizer; did you mean 'Adam'?"),
    "racer's words": ({}, [*RACE, "adam:lr"], 2, f"racer 'adam:lr': is not understood; {LIKE}"),
    "racer's code": ({}, [*RACE, "adam:lr=open('x')"], 2, f"racer \"adam:lr=open('x')\": is not understood; {LIKE}"),
    "racer's module": (
        {},
        [*RACE, "no_such_module.A"],
        2,
        "racer 'no_such_module.A': No module named 'no_such_modul...",
    ),
    "racer's value": ({}, [*RACE, "adam:lr=1e999"], 2, "racer Adam: lr=inf: give a finite number, as lr=0.001"),
    "start": ({}, [*ADAM, "--start", "1"], 2, "Invalid value for '--start': '1': give two numbers, as -1.2,1"),
    "start inf": ({}, [*ADAM, "--start", "inf,1"], 2, "start (inf, 1.0): give two finite numbers, as (-7, 2)"),
    "steps": ({}, [*ADAM, "--steps", "0"], 2, f"steps 0: {WHOLE} 1 and at most 1000000000"),
    "title": (
        {},
        [*ADAM, "--title", "a\x1b]0;b\x07"],
        2,
        r"title 'a\x1b]0;b\x07': leave out the control character ...",
    ),
    "caption": ({}, [*ADAM, "--caption", "\u202e"], 2, r"caption '\u202e': leave out the control character '\u202e'"),
    "save-scene": (
        OWN,
        [*ADAM, "--save-scene", "mine.py"],
        2,
        "mine.py: is there already; name another scene file, or ...",
    ),
    "all format": (
        OWN,
        ["all", "mine.py", "--format", "avi"],
        2,
        "renders...mine.avi: suffix '.avi'; a clip...",
    ),
    "all workers": ({}, ["all", "--workers", "0"], 2, "Invalid value for '--workers': 0 is not in the range x>=1."),
    "all empty": ({"none/a.txt": ""}, ["all", "none"], 2, "none: there is no scene file in this folder"),
    "deck nothing": (
        {},
        ["deck", "a.html"],
        2,
        "a.html: a deck needs scenes; name at least one, as animopt deck a.html...",
    ),
    "deck suffix": (OWN, ["deck", "a.doc", "mine.py"], 2, "a.doc: ..."),
    "deck no file": ({}, ["deck"], 2, "Missing argument 'FILE'."),
    "gallery scene": (
        {},
        ["gallery", "nothing-here"],
        2,
        "there is no scene 'nothing-here'; animopt without a scene ...",
    ),
    "functions": ({}, ["functions", "ravin"], 2, "function 'ravin': no such function; did you mean 'ravine'?"),
    "functions of": (
        {},
        ["functions", "-o", "a.png"],
        2,
        "output a.png: of which function? name one, as animopt funct...",
    ),
    "functions gif": ({}, ["functions", "ravine", "-o", "a.gif"], 2, "a.gif: a still ends in .png, .svg, .pdf"),
    "optimizers": ({}, ["optimizers", "adam"], 2, "Got unexpected extra argument (adam)"),
    "recipe": ({}, ["recipe", "a.gif"], 2, "a.gif: there is no such file"),
    "recipe of none": (OWN, ["recipe", "mine.py"], 1, "mine.py: ..."),
    "new": (
        {},
        ["new", "my scene!"],
        2,
        "name 'my scene!': give letters, digits and underscores, as my_scene; it is ...",
    ),
    "new command": ({}, ["new", "race"], 2, "name 'race': animopt race is a command; use my_race"),
    "new there": (OWN, ["new", "mine"], 2, "mine.py: is there already; name another scene file, or remove it"),
}


def put(folder, there):
    for name, content in there.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def assert_refused(done, code, said):
    """The command left with an exit code, nothing on standard output, and one line on standard error."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    (told,) = done.stderr.splitlines()
    assert told.startswith("animopt: ")
    assert_short(told)
    assert re.match(pattern(said), told.removeprefix("animopt: ")), told


@pytest.mark.parametrize("row", COMMAND_LINES)
def test_a_bad_command_line_is_refused_in_a_line(row, animopt_here, tmp_path):
    there, arguments, code, said = COMMAND_LINES[row]
    put(tmp_path, there)
    before = files(tmp_path)
    assert_refused(animopt_here(*arguments), code, said)
    assert files(tmp_path) == before


@pytest.mark.parametrize("row", SCENE_FILES)
def test_a_bad_scene_file_is_told_in_a_line(row, animopt_here, tmp_path):
    text, said = SCENE_FILES[row]
    put(tmp_path, {"mine.py": text})
    before = files(tmp_path)
    assert_refused(animopt_here("mine.py", *QUICK), 1, said)
    with pytest.raises(Error, match=pattern(said).removesuffix("$")) as caught:
        load_scene("mine.py")
    assert type(caught.value) is Error
    assert files(tmp_path) == before


@pytest.mark.parametrize("row", FUNCTIONS)
def test_a_bad_function_is_told_in_a_line(row, animopt_here, tmp_path):
    body, said = FUNCTIONS[row]
    put(tmp_path, {"mine.py": f"{IMPORTS}def mine(x):\n    {body}\n\n{SCENE.format('mine')}"})
    before = files(tmp_path)
    assert_refused(animopt_here("mine.py", *QUICK), 1, said)
    with pytest.raises(Error) as caught:
        load_scene("mine.py").save("a.gif")
    assert type(caught.value) is Error
    assert re.match(pattern(said), str(caught.value))
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mine.py", *QUICK], 1, "mine.py, line 2, column 9: '(' was never closed: scene = ("),
        ([str(Path("scenes", "race.py")), *QUICK], 1, f"{Path('scenes', 'race.py')}: has no scene; end it with ..."),
        (["all", "mine.py", "-o", "."], 1, "1 of 1 scenes failed: mine"),
        (["mine.py", "--json", *QUICK], 1, "mine.py, line 2, column 9: '(' was never closed: scene = ("),
    ],
    ids=["syntax", "command", "all", "json"],
)
def test_a_shell_sees_one_line_and_an_exit_code(arguments, code, said, tmp_path):
    put(tmp_path, {"mine.py": "\nscene = (", "scenes/race.py": ""})
    before = files(tmp_path)
    command = [sys.executable, "-m", "animopt", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, env=environment)
    if arguments[0] == "all":
        first, rest = done.stderr.split("\n", 1)
        assert re.fullmatch(r"1/1 mine: failed: mine\.py, line 2, column 9: '\(' was never closed: scene = \(", first)
        done.stderr = rest
    if "--json" in arguments:
        assert json.loads(done.stderr)["exit_code"] == code
        done.stderr = f"animopt: {json.loads(done.stderr)['error']}"
    assert_refused(done, code, said)
    assert files(tmp_path) == before


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """The folder with a scene in `one` and another in `two`, whose neighbours have the same names."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    text = "import helpers\n" + IMPORTS + "title = helpers.__doc__\n"
    late = "def late(x):\n    import helpers, later\n    return (x ** 2).sum() * helpers.FACTOR * later.FACTOR\n\n"
    scene = SCENE.format("late").replace("seconds=1", "seconds=1, title=title")
    for folder, factor in ("one", 1), ("two", 100):
        put(
            tmp_path / folder,
            {
                "mine.py": text + late + scene,
                "helpers.py": f'"""{folder}"""\nFACTOR = {factor}\nimport json\nassert not hasattr(json, "BAD")\n',
                "later.py": "import numpy\nassert not hasattr(numpy, 'BAD')\nFACTOR = 1",
                **{f"{name}.py": "BAD = 1\n" for name in ("random", "numpy", "json", "torch", "animopt", "colorsys")},
            },
        )
    return tmp_path


def test_two_scenes_get_their_own_neighbours(beside):
    path = list(sys.path)
    sys.modules.pop("colorsys", None)
    one, two = load_scene("one/mine.py"), load_scene(beside / "two" / "mine.py")
    assert (one.title, two.title) == ("one", "two")
    # The functions import once more only now.
    heights = [scene.record().z[0, 0] for scene in (two, one)]
    assert heights == [200, 2]
    assert sys.path == path
    assert {"helpers", "later"}.isdisjoint(sys.modules)
    assert not hasattr(random, "BAD")
    assert not hasattr(importlib.import_module("colorsys"), "BAD")


def test_what_goes_wrong_in_a_neighbour_is_told_with_its_line(beside, animopt_here):
    for text, said in (
        ("\n\n1 / 0", "mine.py, line 1: helpers.py, line 3: ZeroDivisionError: division by zero"),
        ("x = (", "mine.py, line 1: helpers.py, line 1, column 5: '(' was never closed: x = ("),
        (
            "import nosuchthing",
            "mine.py, line 1: helpers.py, line 1: ModuleNotFoundError: No module named 'nosuchthing'...",
        ),
    ):
        (beside / "one" / "helpers.py").write_text(text)
        before = files(beside)
        assert_refused(animopt_here(str(Path("one", "mine.py")), *QUICK), 1, f"{Path('one')}{os.sep}{said}")
        assert files(beside) == before


def test_a_shell_in_the_folder_and_workers_get_their_own_neighbours(beside):
    # Each says which helpers it got, and fails with those of the other. What is named like us is not asked for here:
    # Python itself would run that in our place.
    for folder in ("one", "two"):
        (beside / folder / "animopt.py").unlink()
    put(beside, {f"{folder}/{folder}.py": (beside / folder / "mine.py").read_bytes() for folder in ("one", "two")})
    for folder in ("one", "two"):
        with (beside / folder / f"{folder}.py").open("a") as file:
            file.write(f"assert title == {folder!r}\n")
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    quick = ["--size", "320x180", "--fps", "5"]
    for folder, arguments in (
        ("one", ["one.py", "-o", "a.gif", "--workers", "1", *quick]),
        (".", ["all", "one/one.py", "two/two.py", "--workers", "1", "--format", "gif", "-o", "out", *quick]),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "animopt", *arguments],
            cwd=beside / folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
    assert sorted(path.relative_to(beside).as_posix() for path in beside.rglob("*.gif")) == [
        "one/a.gif",
        "out/one.gif",
        "out/two.gif",
    ]


def test_a_file_that_is_read_again_has_new_neighbours(beside):
    assert load_scene("one/mine.py").title == "one"
    (beside / "one" / "helpers.py").write_text('"""three"""\nFACTOR = 3')
    assert load_scene("one/mine.py").title == "three"


def test_a_scene_named_like_a_command_is_listed_by_its_path(animopt_here, tmp_path):
    put(tmp_path, {"scenes/race.py": f'"""Mine."""\n{GOOD}', "scenes/_private.py": "", "scenes/.hidden.py": "", **TWO})
    done = animopt_here()
    assert (done.returncode, done.stderr) == (0, "")
    told = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and line.strip()]
    paths = [str(Path("scenes", name)) for name in ("race.py", "my_scene.py", "my-scene.py")]
    assert set(paths) < set(told)
    assert not {"my-scene", str(Path("scenes", "_private.py")), "-private", ".hidden"} & set(told)
    # The command is the command still.
    assert told.count("race") == 1
    done = animopt_here(paths[0], *QUICK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.gif\n", "")


def test_the_commands_are_those_that_scenes_make_way_for():
    assert set(catalog.COMMANDS) == set(COMMANDS)


def test_an_interrupt_in_a_users_code_is_no_mistake_of_theirs(tmp_path):
    (tmp_path / "mine.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_scene(tmp_path / "mine.py")

    def pressed(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(function=pressed).record()


def test_a_message_of_ours_is_one_line_whatever_is_in_it():
    said = str(animopt.Error("a\nb \x1b[2J \u202e é 가"))
    assert said == "a\\nb \\x1b[2J \\u202e é 가"
