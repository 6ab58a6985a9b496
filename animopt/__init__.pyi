from animopt.core.errors import Error as Error
from animopt.core.errors import UsageError as UsageError
from animopt.engine.function import Function as Function
from animopt.engine.maps import SettingsMap as SettingsMap
from animopt.engine.maps import StartsMap as StartsMap
from animopt.engine.racer import Racer as Racer
from animopt.engine.racer_lists import Sweep as Sweep
from animopt.engine.racer_lists import logspace as logspace
from animopt.engine.racer_lists import tuned as tuned
from animopt.lecture.parts import Card as Card
from animopt.lecture.parts import Compare as Compare
from animopt.lecture.parts import Lecture as Lecture
from animopt.lecture.parts import Part as Part
from animopt.recording.recording import Recording as Recording
from animopt.recording.timeline import Question as Question
from animopt.recording.timeline import SlowMotion as SlowMotion
from animopt.scene.compare import compare as compare
from animopt.scene.limits import Limits as Limits
from animopt.scene.plot import plot as plot
from animopt.scene.scene import Scene as Scene
from animopt.scene.scene import load_scene as load_scene
from animopt.video.output import Output as Output

__version__: str
