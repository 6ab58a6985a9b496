"""The test functions: each with its domain, its minima, an instructive start and its source.

If a function has more minima than a picture can show, its domain here is a part of the usual one, and `minima` lists
every isolated minimum inside it. Minima without a closed form were computed with forty digits.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor

from animopt.core.errors import UsageError, short_repr, suggestion
from animopt.core.language import translatable
from animopt.engine.function import TURNED, Function, Pair

_LIBRARY = "Surjanovic and Bingham, Virtual Library of Simulation Experiments, sfu.ca/~ssurjano/"


def _mirrored(points: Iterable[Sequence[float]], x: float = 0, y: float = 0) -> list[Pair]:
    """Return the points and their mirror images in the vertical and the horizontal line through (x, y)."""
    return list(dict.fromkeys((x + right * a, y + up * b) for a, b in points for right in (1, -1) for up in (1, -1)))


def _function(**fields: Any) -> Callable[[Callable[[Tensor], Tensor]], Function]:
    """Return a decorator that makes a definition a `Function` with these fields."""

    def decorate(definition: Callable[[Tensor], Tensor]) -> Function:
        # The name of the definition is that of the `Function`. Pickle finds the definition by its qualified name.
        definition.__qualname__ += ".definition"
        return Function(definition, **fields)

    return decorate


@_function(
    x=(-5, 5),
    y=(-5, 5),
    minima=[(0, 0)],
    formula=r"x^2 + y^2",
    name=translatable("the sphere"),
    start=(-4, 3),
    source=_LIBRARY + "spheref.html",
)
def sphere(x: Tensor) -> Tensor:
    """Equally steep in every direction; every optimizer should reach its minimum."""
    return x[0] ** 2 + x[1] ** 2


@_function(
    y=(-5, 5),
    minima=[(0, 0)],
    formula=r"x^2/20 + y^2",
    name=translatable("a ravine"),
    start=(-7, 2),
    source="the lecture notebook",
)
def ravine(x: Tensor) -> Tensor:
    """The lecture notebook's first function: twenty times steeper across than along."""
    return x[0] ** 2 / 20 + x[1] ** 2


def rotated(function: Function, degrees: float) -> Function:
    """Rotate a function counterclockwise around the origin; its domain stays the same.

    The minima, the saddles and the start rotate too, and those that leave the domain are dropped. The formula is in u
    and v, which are x and y rotated back.

    Args:
        function: The function to rotate.
        degrees: The angle in degrees.

    Returns:
        The rotated function.

    Raises:
        UsageError: The angle is not a finite number, or the function has a box.

    Examples:
        >>> from animopt.functions import ravine, rotated
        >>> rotated(ravine, 90).name
        'a ravine, turned by 90°'
    """
    if isinstance(degrees, bool) or not isinstance(degrees, (int, float)) or not math.isfinite(degrees):
        raise UsageError(f"degrees {short_repr(degrees)}: give an angle, as rotated(ravine, 30)")
    if function.box:
        raise UsageError(f"{function.called}: its box cannot be rotated; leave it out, as function.replace(box=None)")
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def images_of(points: Iterable[Pair]) -> list[Pair]:
        images = ((cosine * x - sine * y, sine * x + cosine * y) for x, y in points)
        return [*filter(function.contains, images)]

    # Names of mathtext commands, and words in braces, are not variables.
    formula = re.sub(
        r"(\\(?:mathrm|operatorname|text)\{[^}]*\}|\\[A-Za-z]+)|([xy])",
        lambda match: match[1] or {"x": "u", "y": "v"}[match[2]],
        function.formula,
    )
    return Function(
        partial(_rotated_back, function, cosine, sine),
        x=function.x,
        y=function.y,
        minima=images_of(function.minima),
        formula=rf"{formula},\quad (u, v) = R_{{{0 - degrees:g}°}}(x, y)" if formula else "",
        name=f"{function.name}{TURNED}{degrees:g}°".replace("-", "−") if function.name else "",
        saddles=images_of(function.saddles),
        start=next(iter(images_of([function.start])), None) if function.start else None,
        source=function.source,
        radius=function.radius,
    )


def _rotated_back(function: Function, cosine: float, sine: float, x: Tensor) -> Tensor:
    return function.definition(torch.stack([cosine * x[0] + sine * x[1], cosine * x[1] - sine * x[0]]))


rotated_ravine = rotated(ravine, 30)
"""The ravine at an angle to the axes, at which a step size for each coordinate no longer fits the slope."""


@_function(
    minima=[(-7.0100437431199465, -4.906733293049631), (-7.0100437431199465, 3.84727349174753)],
    formula=r"x^4 + y^4 + 5x^3 - 40(x-1)^2 - 40(y-1)^2",
    name=translatable("a quartic"),
    saddles=[(-7.0100437431199465, 1.0594598013021008)],
    start=(5, -2.5),
    source="the lecture notebook",
)
def quartic(x: Tensor) -> Tensor:
    """The lecture notebook's second function; its minima are roots of 4x³ + 15x² − 80x + 80 and of y³ − 20y + 20."""
    return x[0] ** 4 + x[1] ** 4 + 5 * x[0] ** 3 - 40 * (x[0] - 1) ** 2 - 40 * (x[1] - 1) ** 2


@_function(
    minima=[(1, 3)],
    formula=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    name=translatable("Booth's function"),
    start=(-8, -5),
    source=_LIBRARY + "booth.html",
)
def booth(x: Tensor) -> Tensor:
    """A bowl nine times steeper along one diagonal than along the other."""
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


@_function(
    minima=[(0, 0)],
    formula=r"0.26(x^2 + y^2) - 0.48xy",
    name=translatable("Matyas's function"),
    start=(-9, -3),
    source=_LIBRARY + "matya.html",
)
def matyas(x: Tensor) -> Tensor:
    """A valley along the diagonal, twenty-five times flatter along than across."""
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


@_function(
    x=(-5, 10),
    y=(-5, 10),
    minima=[(0, 0)],
    formula=r"x^2 + y^2 + (x/2 + y)^2 + (x/2 + y)^4",
    name=translatable("Zakharov's function"),
    start=(8, 2),
    source=_LIBRARY + "zakharov.html",
)
def zakharov(x: Tensor) -> Tensor:
    """One minimum between walls that rise with the fourth power."""
    slant = x[0] / 2 + x[1]
    return x[0] ** 2 + x[1] ** 2 + slant**2 + slant**4


@_function(
    x=(-2, 2),
    y=(-1, 3),
    minima=[(1, 1)],
    formula=r"(1 - x)^2 + 100(y - x^2)^2",
    name=translatable("Rosenbrock's valley"),
    start=(-1.2, 1),
    source="Rosenbrock 1960, The Computer Journal 3, page 180, with the start; " + _LIBRARY + "rosen.html",
)
def rosenbrock(x: Tensor) -> Tensor:
    """A curved valley: easy to find, slow to follow."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


@_function(
    x=(-4.5, 4.5),
    y=(-4.5, 4.5),
    minima=[(3, 0.5)],
    formula=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    name=translatable("Beale's function"),
    saddles=[(0, 1), (0.10053793732415836, -2.644513585023125)],
    start=(0.7, 1.4),
    source=_LIBRARY + "beale.html",
)
def beale(x: Tensor) -> Tensor:
    """Steep corners around a plain, and a saddle between the start and the minimum."""
    return (
        (1.5 - x[0] + x[0] * x[1]) ** 2 + (2.25 - x[0] + x[0] * x[1] ** 2) ** 2 + (2.625 - x[0] + x[0] * x[1] ** 3) ** 2
    )


@_function(
    x=(-5, 5),
    y=(-5, 5),
    minima=[
        (3, 2),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    ],
    formula=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    name=translatable("Himmelblau's function"),
    saddles=[
        (3.385154183607021, 0.07385187983774928),
        (0.08667750455539636, 2.884254701174776),
        (-3.0730257507643897, -0.08135304428796751),
        (-0.12796134673068008, -1.9537149802445763),
    ],
    start=(-0.5, -0.5),
    source="Himmelblau 1972, Applied Nonlinear Programming; Jamil and Yang 2013, number 65",
)
def himmelblau(x: Tensor) -> Tensor:
    """Four minima, all of value 0, around a hill. The start is near the top of the hill."""
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


@_function(
    x=(-2, 2),
    y=(-2, 2),
    minima=[(0, -1), (-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)],
    formula=r"[1 + (x+y+1)^2\,(19-14x+3x^2-14y+6xy+3y^2)]\,[30 + (2x-3y)^2\,(18-32x+12x^2+48y-36xy+27y^2)]",
    name=translatable("the Goldstein–Price function"),
    saddles=[(-0.4, -0.6), (1.2, -0.2), (1.4, 0.6), (0.6, 0.4)],
    start=(-1.5, 0.5),
    source=_LIBRARY + "goldpr.html",
)
def goldstein_price(x: Tensor) -> Tensor:
    """Values from 3 to a million on a small square, with four minima."""
    a, b = x[0], x[1]
    return (1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2)) * (
        30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2)
    )


@_function(
    x=(-2.5, 2.5),
    y=(-2.5, 2.5),
    minima=[(0, 0), (-1.747552345830289, 0.8737761729151445), (1.747552345830289, -0.8737761729151445)],
    formula=r"2x^2 - 1.05x^4 + x^6/6 + xy + y^2",
    name=translatable("the three-hump camel"),
    saddles=[(-1.07054229182366, 0.53527114591183), (1.07054229182366, -0.53527114591183)],
    start=(-1.8, -1.8),
    source=_LIBRARY + "camel3.html",
)
def three_hump_camel(x: Tensor) -> Tensor:
    """Three minima in a row, the lowest in the middle; on half the usual domain."""
    return 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2


@_function(
    x=(-2, 2),
    y=(-1.2, 1.2),
    minima=[
        (0.08984201310031806, -0.7126564030207396),
        (-0.08984201310031806, 0.7126564030207396),
        (1.703606714969981, -0.7960835686726251),
        (-1.703606714969981, 0.7960835686726251),
        (1.6071047529201974, 0.5686514548841314),
        (-1.6071047529201974, -0.5686514548841314),
    ],
    formula=r"(4 - 2.1x^2 + x^4/3)x^2 + xy + (4y^2 - 4)y^2",
    name=translatable("the six-hump camel"),
    saddles=[
        (0, 0),
        (1.1092053368047863, -0.7682680925095399),
        (-1.1092053368047863, 0.7682680925095399),
        (1.6380679841897787, 0.22867406904439408),
        (-1.6380679841897787, -0.22867406904439408),
        (1.2960702671671092, 0.6050843880386585),
        (-1.2960702671671092, -0.6050843880386585),
    ],
    start=(-1.2, -1),
    source=_LIBRARY + "camel6.html",
)
def six_hump_camel(x: Tensor) -> Tensor:
    """Six minima in three pairs; on the part of the usual domain that contains them."""
    return (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2 + x[0] * x[1] + (4 * x[1] ** 2 - 4) * x[1] ** 2


@_function(
    x=(-1.5, 4),
    y=(-3, 4),
    minima=[(0.5 - math.pi / 3, -0.5 - math.pi / 3), (0.5 + 2 * math.pi / 3, -0.5 + 2 * math.pi / 3)],
    formula=r"\sin(x + y) + (x - y)^2 - 1.5x + 2.5y + 1",
    name=translatable("McCormick's function"),
    saddles=[(0.5 + math.pi / 3, -0.5 + math.pi / 3)],
    start=(3.5, 3.5),
    source=_LIBRARY + "mccorm.html",
)
def mccormick(x: Tensor) -> Tensor:
    """A slanting valley with a step, on which a slow racer stays."""
    return torch.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


_WELL, _TOP, _SHALLOW = -2.903534027771177, 0.1567312567803401, 2.746802770990837


@_function(
    x=(-5, 5),
    y=(-5, 5),
    minima=product((_WELL, _SHALLOW), repeat=2),
    formula=r"(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y)/2",
    name=translatable("the Styblinski–Tang function"),
    saddles=[(_WELL, _TOP), (_TOP, _WELL), (_SHALLOW, _TOP), (_TOP, _SHALLOW)],
    start=(0.5, 4.5),
    source=_LIBRARY + "stybtang.html",
)
def styblinski_tang(x: Tensor) -> Tensor:
    """Four wells, the deepest at the lower left. Each coordinate of a minimum is a root of 4t³ − 32t + 5."""
    return (x[0] ** 4 - 16 * x[0] ** 2 + 5 * x[0] + x[1] ** 4 - 16 * x[1] ** 2 + 5 * x[1]) / 2


@_function(
    x=(-2.56, 2.56),
    y=(-2.56, 2.56),
    minima=_mirrored(product([0, 0.9949586376523348, 1.9899122337085495], repeat=2)),
    formula=r"20 + x^2 + y^2 - 10(\cos 2\pi x + \cos 2\pi y)",
    name=translatable("Rastrigin's function"),
    start=(2.2, -1.7),
    source=_LIBRARY + "rastr.html",
)
def rastrigin(x: Tensor) -> Tensor:
    """A bowl with a well near every point of whole numbers; the middle half of the usual domain, with 25 minima."""
    return 20 + x[0] ** 2 + x[1] ** 2 - 10 * (torch.cos(2 * math.pi * x[0]) + torch.cos(2 * math.pi * x[1]))


@_function(
    x=(-2.5, 2.5),
    y=(-2.5, 2.5),
    minima=_mirrored(
        [
            (0, 0),
            (0.9521665459501717, 0),
            (0.9684776587077244, 0.9684776587077244),
            (1.9589197181217173, 0),
            (1.9646166628629864, 0.9824160350791393),
            (1.9744519864841166, 1.9744519864841166),
            (0, 0.9521665459501717),
            (0, 1.9589197181217173),
            (0.9824160350791393, 1.9646166628629864),
        ]
    ),
    formula=r"20 + e - 20\,e^{-0.2\sqrt{(x^2 + y^2)/2}} - e^{(\cos 2\pi x + \cos 2\pi y)/2}",
    name=translatable("Ackley's function"),
    start=(-2.2, 1.7),
    source=_LIBRARY + "ackley.html",
)
def ackley(x: Tensor) -> Tensor:
    """A funnel with dents and a kink at its bottom; the middle of the usual domain, with 25 minima."""
    # torch's gradient of the norm is 0 at the origin; the gradient of a root of squares is NaN there.
    distance = torch.linalg.vector_norm(x, dim=0)
    return (
        20
        - 20 * torch.exp(-0.2 * math.sqrt(0.5) * distance)
        + (math.e - torch.exp((torch.cos(2 * math.pi * x[0]) + torch.cos(2 * math.pi * x[1])) / 2))
    )


@_function(
    minima=_mirrored(
        [
            (0, 0),
            (3.1400226338955397, 4.438444480920714),
            (6.280045279379904, 0),
            (0, 8.876888929095657),
            (9.420067886213593, 4.438444437201061),
            (6.280045217550294, 8.876888885374552),
        ]
    ),
    formula=r"1 + (x^2 + y^2)/4000 - \cos x\,\cos(y/\sqrt{2})",
    name=translatable("Griewank's function"),
    start=(-8, 6),
    source=_LIBRARY + "griewank.html",
)
def griewank(x: Tensor) -> Tensor:
    """Waves of equal height on a very wide bowl; the innermost part of the usual domain, with 17 minima."""
    return 1 + (x[0] ** 2 + x[1] ** 2) / 4000 - torch.cos(x[0]) * torch.cos(x[1] / math.sqrt(2))


@_function(
    x=(-1, 7),
    y=(-1, 7),
    minima=[(math.pi, math.pi), *product([1.3049954504376675, 4.978189856741919], repeat=2)],
    formula=r"-\cos x\,\cos y\,e^{-(x - \pi)^2 - (y - \pi)^2}",
    name=translatable("Easom's function"),
    start=(1.9, 2.2),
    source=_LIBRARY + "easom.html",
)
def easom(x: Tensor) -> Tensor:
    """One hole in a plain. `minima` also lists the four pits around it, which are 0.00008 deep.

    The usual domain has many more pits farther out, which are too shallow to distinguish from the plain.
    """
    return -torch.cos(x[0]) * torch.cos(x[1]) * torch.exp(-((x[0] - math.pi) ** 2) - (x[1] - math.pi) ** 2)


@_function(
    x=(-0.1, 2.1),
    y=(-0.1, 2.1),
    minima=_mirrored(
        [
            (x - 1, y - 1)
            for x, y in [
                (1, 1),
                (1.3296194745483136, 1),
                (1.3283339434368275, 1.2661067994538178),
                (1.6592207973868849, 1),
                (1.6591770000849688, 1.3251684875053504),
                (1, 1.9726624021154284),
                (1.988785003423768, 1),
                (1.656792140336247, 1.601990640346352),
                (1.3294731566552924, 1.9786918768858672),
                (1.9887734698793302, 1.3299363019433137),
                (1.6591102915596367, 1.9870109838515162),
                (1.9880456422794508, 1.6391764145536254),
                (1.9887221320464104, 1.9920628514540255),
            ]
        ],
        x=1,
        y=1,
    ),
    formula=r"\sin^2 3\pi x + (x - 1)^2\,(1 + \sin^2 3\pi y) + (y - 1)^2\,(1 + \sin^2 2\pi y)",
    name=translatable("Lévy's function no. 13"),
    start=(0.2, 1.8),
    source=_LIBRARY + "levy13.html",
)
def levy_13(x: Tensor) -> Tensor:
    """Ripples in a bowl; the part of the usual domain around the lowest point, with 41 minima."""
    return (
        torch.sin(3 * math.pi * x[0]) ** 2
        + (x[0] - 1) ** 2 * (1 + torch.sin(3 * math.pi * x[1]) ** 2)
        + (x[1] - 1) ** 2 * (1 + torch.sin(2 * math.pi * x[1]) ** 2)
    )


@_function(
    x=(-5, 10),
    y=(0, 15),
    minima=[(-math.pi, 12.275), (math.pi, 2.275), (3 * math.pi, 2.475)],
    formula=r"(y - \frac{5.1}{4\pi^2}x^2 + \frac{5}{\pi}x - 6)^2 + 10(1 - \frac{1}{8\pi})\,\cos x + 10",
    name=translatable("Branin's function"),
    saddles=[(0, 6), (2 * math.pi, 1.1)],
    start=(5, 13),
    source=_LIBRARY + "branin.html",
)
def branin(x: Tensor) -> Tensor:
    """Three minima of equal value along a bent valley."""
    return (
        (x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6) ** 2
        + 10 * (1 - 1 / (8 * math.pi)) * torch.cos(x[0])
        + 10
    )


@_function(
    x=(0, math.pi),
    y=(0, math.pi),
    minima=product([2.2029055201726093], [math.pi / 2, 2.7115714838430143]),
    formula=r"-\sin x\,\sin^{20}(x^2/\pi) - \sin y\,\sin^{20}(2y^2/\pi)",
    name=translatable("Michalewicz's function"),
    start=(2.5, 1.8),
    source=_LIBRARY + "michal.html",
)
def michalewicz(x: Tensor) -> Tensor:
    """Two ditches with steep walls that cross in two minima. Elsewhere the plain is flat to many digits."""
    return (
        -(torch.sin(x[0]) * torch.sin(x[0] ** 2 / math.pi) ** 20)
        - torch.sin(x[1]) * torch.sin(2 * x[1] ** 2 / math.pi) ** 20
    )


@_function(
    x=(-1.6, 1.6),
    y=(-1.6, 1.6),
    minima=_mirrored(
        product([0, 0.6186120678279501, 1.2224947771568115], [0, 0.46952754566849225, 0.9333791416826435])
    ),
    formula=r"x^2 + 2y^2 - 0.3\,\cos 3\pi x - 0.4\,\cos 4\pi y + 0.7",
    name=translatable("Bohachevsky's function"),
    start=(-1.4, 1.3),
    source=_LIBRARY + "boha.html",
)
def bohachevsky(x: Tensor) -> Tensor:
    """A bowl with dents near its bottom: the first of the three functions of this name, with all its 25 minima."""
    return (
        x[0] ** 2
        + 2 * x[1] ** 2
        + (0.3 * (1 - torch.cos(3 * math.pi * x[0])) + 0.4 * (1 - torch.cos(4 * math.pi * x[1])))
    )


def _schwefel_wave(t: Tensor) -> Tensor:
    # The root has an infinite slope at 0, but the product does not, so autograd must not follow the root there.
    zero = t == 0
    return torch.where(zero, 0, t * torch.sin(torch.sqrt(torch.where(zero, 1, abs(t)))))


@_function(
    x=(-500, 500),
    y=(-500, 500),
    minima=product(
        [
            -302.52493561191176,
            -124.82935642021526,
            -25.877417347618685,
            5.239199300195525,
            65.54786509015155,
            203.81425264889447,
            420.96874635998205,
        ],
        repeat=2,
    ),
    formula=r"837.966 - x\,\sin\sqrt{|x|} - y\,\sin\sqrt{|y|}",
    name=translatable("Schwefel's function"),
    start=(-150, 270),
    source=_LIBRARY + "schwef.html",
)
def schwefel(x: Tensor) -> Tensor:
    """The lowest of 49 minima lies in a corner, far from the next lowest.

    The constant, twice 418.98…, makes the lowest value 0. Each coordinate of a minimum is a root of 2 tan √|t| + √|t|.
    """
    return 837.9657745448674 - _schwefel_wave(x[0]) - _schwefel_wave(x[1])


@_function(
    x=(-1.2, 1.2),
    y=(-1.2, 1.2),
    minima=[(0, 0)],
    formula=r"-\frac{1 + \cos 12\sqrt{x^2 + y^2}}{(x^2 + y^2)/2 + 2}",
    name=translatable("the drop wave"),
    start=(-0.9, 0.6),
    source=_LIBRARY + "drop.html",
)
def drop_wave(x: Tensor) -> Tensor:
    """Rings around one minimum, on the middle of the usual domain. No point of a ring is listed."""
    # torch's gradient of the norm is 0 at the origin; the gradient of a root of squares is NaN there.
    distance = torch.linalg.vector_norm(x, dim=0)
    return -(1 + torch.cos(12 * distance)) / (distance**2 / 2 + 2)


@_function(
    x=(-3, 3),
    y=(-3, 3),
    minima=[
        (0.22827892055636909, -1.6255349574999964),
        (-1.3473962443682108, 0.20451886609700518),
        (0.2964455538468321, 0.32019624766683435),
    ],
    formula=r"3(1-x)^2\,e^{-x^2-(y+1)^2} - 10(x/5 - x^3 - y^5)\,e^{-x^2-y^2} - e^{-(x+1)^2-y^2}/3",
    name=translatable("the peaks"),
    saddles=[
        (0.4163233216785082, -0.3941450984024246),
        (-0.2659375568372457, 0.4667399937262694),
        (1.0982728343350927, 0.8544609795247524),
    ],
    start=(0.3, 1.4),
    source="MATLAB's peaks, mathworks.com/help/matlab/ref/peaks.html",
)
def peaks(x: Tensor) -> Tensor:
    """Three hills and three hollows in a plain, whose slope leads to none of them."""
    a, b = x[0], x[1]
    return (
        3 * (1 - a) ** 2 * torch.exp(-(a**2) - (b + 1) ** 2)
        - 10 * (a / 5 - a**3 - b**5) * torch.exp(-(a**2) - b**2)
        - torch.exp(-((a + 1) ** 2) - b**2) / 3
    )


@_function(
    x=(-2, 2),
    y=(-2, 2),
    formula=r"x^2 - y^2",
    name=translatable("a saddle"),
    saddles=[(0, 0)],
    start=(-1.5, 0.01),
    source="the hyperbolic paraboloid",
)
def saddle(x: Tensor) -> Tensor:
    """No minimum. A race that starts on the line y = 0 never leaves it; this start is 0.01 away from the line."""
    return x[0] ** 2 - x[1] ** 2


@_function(
    x=(-2, 2),
    y=(-2, 2),
    minima=[(0, -math.sqrt(2)), (0, math.sqrt(2))],
    formula=r"x^2 - y^2 + y^4/4",
    name=translatable("a bounded saddle"),
    saddles=[(0, 0)],
    start=(-1.5, 0.01),
    source="the hyperbolic paraboloid, with y⁴/4 to bound it",
)
def bounded_saddle(x: Tensor) -> Tensor:
    """A saddle between two minima. A race from y = 0 ends on the saddle; this start is 0.01 away from that line."""
    return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4


def all_functions() -> dict[str, Function]:
    """Return every function of this module by its name, in the order of the module."""
    return {name: value for name, value in globals().items() if isinstance(value, Function)}


def function_by_name(name: str) -> Function:
    """Return the function of this module with a name.

    Args:
        name: The name, with underscores, hyphens or spaces, in capitals or not.

    Raises:
        UsageError: No function has that name.

    Examples:
        >>> from animopt.functions import function_by_name
        >>> function_by_name("six-hump-camel").name
        'the six-hump camel'
    """
    known, wanted = all_functions(), name.strip().casefold().replace("-", "_").replace(" ", "_")
    if wanted in known:
        return known[wanted]
    raise UsageError(
        f"function {short_repr(name)}: no such function; " + suggestion(wanted, known, f"there are {', '.join(known)}")
    )
