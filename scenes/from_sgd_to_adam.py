"""Gradient descent, and the optimizers that came after it: a lecture in 17 parts.

The lecture follows a Korean notebook: two functions, and on them gradient descent, momentum, Adagrad, RMSprop and Adam.
It has subtitles in English and Korean, and no voice. Put recordings beside the file, as audio="voice/02-{lang}.wav".
"""

from animopt import Card, Compare, Lecture, Part, Question

lecture = Lecture(
    title={
        "en": "Gradient descent, and what came after it",
        "ko": "경사하강법, 그리고 그 뒤에 나온 방법들",
    },
    parts=[
        Card(
            {"en": "Gradient descent, and what came after it", "ko": "경사하강법, 그리고 그 뒤에 나온 방법들"},
            caption={
                "en": "SGD, momentum, Adagrad, RMSprop, Adam",
                "ko": "SGD, 모멘텀, Adagrad, RMSprop, Adam",
            },
            say={
                "en": "Gradient descent has weaknesses. Four methods try to remove them: momentum, Adagrad, RMSprop "
                "and Adam. We watch each of them on the same two functions.",
                "ko": "경사하강법에는 단점이 있습니다. 모멘텀, Adagrad, RMSprop, Adam은 그 단점을 없애려는 네 가지 방법"
                "입니다. 같은 두 함수 위에서 하나씩 살펴보겠습니다.",
            },
            title={"en": "Introduction", "ko": "들어가며"},
        ),
        Part(
            "ravine-sgd",
            question=Question({"en": "Where is the minimum?", "ko": "최소점은 어디일까?"}, step=0, seconds=4),
            say={
                "en": "Where is the minimum of this function? It is at zero, zero. The ravine is twenty times steeper "
                "across than along. Gradient descent zigzags from wall to wall, and makes little progress along the "
                "floor. {ends} After twenty steps it is still on its way.",
                "ko": "이 함수의 최소점은 어디일까요? (0, 0)입니다. 이 골짜기는 가로지르는 방향이 따라가는 방향보다 "
                "스무 배 가파릅니다. 경사하강법은 양쪽 벽을 지그재그로 오가느라 바닥을 따라서는 조금씩밖에 나아가지 "
                "못합니다. {ends} 스무 걸음 뒤에도 아직 가는 중입니다.",
            },
        ),
        Part(
            "ravine-sgd-lr",
            say={
                "en": "The learning rate decides. A small one makes short steps on one side of the floor. A larger one "
                "crosses the floor at every step, and gets farther along it. Above one, every step goes higher up the "
                "opposite wall, and gradient descent diverges.",
                "ko": "학습률이 결정합니다. 작으면 바닥 한쪽에서 짧은 걸음을 걷습니다. 크면 걸음마다 바닥을 건너지만 "
                "바닥을 따라 더 멀리 갑니다. 1을 넘으면 걸음마다 반대쪽 벽을 더 높이 올라 발산합니다.",
            },
        ),
        Part(
            "ravine-momentum",
            say={
                "en": "Momentum keeps nine tenths of its velocity, and adds the gradient. Across the ravine the "
                "gradients cancel, and along it they add up. The zigzag becomes a wave.",
                "ko": "모멘텀은 속도의 십분의 구를 남기고 거기에 기울기를 더합니다. 골짜기를 가로지르는 기울기는 서로 "
                "상쇄되고, 따라가는 기울기는 쌓입니다. 지그재그가 물결이 됩니다.",
            },
        ),
        Compare(
            "ravine-sgd",
            "ravine-momentum",
            title={"en": "Gradient descent and momentum", "ko": "경사하강법과 모멘텀"},
            say={
                "en": "Here are both at the same step: the zigzag on one side, the wave on the other. {ends} After "
                "twenty steps they are about equally far from the minimum, though the rate of momentum is nearly ten "
                "times smaller.",
                "ko": "두 방법을 같은 걸음에 나란히 놓았습니다. 한쪽은 지그재그이고 한쪽은 물결입니다. {ends} 스무 "
                "걸음 뒤 최소점까지의 거리는 비슷하지만, 모멘텀의 학습률은 거의 열 배 작습니다.",
            },
        ),
        Part(
            "wrong-momentum",
            say={
                "en": "A sign decides, too. The notebook prints a step that adds the gradient. It goes uphill. {As "
                "printed:leaves the picture} Soon it leaves the picture. The step that is meant subtracts the "
                "gradient, and goes down.",
                "ko": "부호 하나도 결과를 바꿉니다. 노트북에 인쇄된 식은 기울기를 더하므로 오르막을 오릅니다. {인쇄된 "
                "식:leaves the picture} 곧 화면을 벗어납니다. 본래의 식은 기울기를 빼고, 아래로 내려갑니다.",
            },
        ),
        Part(
            "ravine-adagrad",
            say={
                "en": "Adagrad gives each coordinate a step size of its own: the learning rate over the root of the "
                "sum of its squared gradients. The steep coordinate is damped, and there is no zigzag. But the sums "
                "only grow, and every step is shorter than the last.",
                "ko": "Adagrad는 좌표마다 보폭을 따로 둡니다. 학습률을 그 좌표의 기울기 제곱합의 제곱근으로 나눈 "
                "값입니다. 가파른 좌표가 억제되어 지그재그가 없습니다. 그러나 제곱합은 커지기만 하므로, 걸음은 "
                "점점 짧아집니다.",
            },
        ),
        Part(
            "ravine-rmsprop",
            say={
                "en": "RMSprop forgets old gradients: it takes an average of the recent squares in place of their sum. "
                "The steps remain long. {arrives} So it arrives at the minimum within ten steps.",
                "ko": "RMSprop은 오래된 기울기를 잊습니다. 합 대신 최근 제곱의 평균을 쓰므로 걸음이 짧아지지 않습니다. "
                "{arrives} 그래서 열 걸음 안에 최소점에 닿습니다.",
            },
        ),
        Part(
            "ravine-adam",
            say={
                "en": "Adam has both: the velocity of momentum, and the step sizes of RMSprop. Here its velocity lasts "
                "longer than the slope that caused it. {ends} After ten steps it is past the minimum, and climbing.",
                "ko": "Adam은 둘을 함께 씁니다. 모멘텀의 속도와 RMSprop의 보폭입니다. 여기서는 속도가 그 속도를 만든 "
                "경사보다 오래 남습니다. {ends} 열 걸음 뒤에는 최소점을 지나 오르고 있습니다.",
            },
        ),
        Part(
            "ravine-race",
            question=Question({"en": "Which one arrives first?", "ko": "누가 먼저 닿을까?"}, step=0, seconds=4),
            say={
                "en": "All five, with the settings of their own scenes. Which one arrives first? {RMSprop:arrives} It "
                "is RMSprop. {RMSprop:leaves} But it does not stay. Momentum and Adam run past the minimum, and "
                "Adagrad is slow. {SGD:settles} In the end, gradient descent settles at the minimum. No other does.",
                "ko": "다섯 방법이 저마다 자기 장면의 설정으로 달립니다. 누가 먼저 닿을까요? {RMSprop:arrives} "
                "RMSprop입니다. {RMSprop:leaves} 그러나 머물지는 못합니다. 모멘텀과 Adam은 최소점을 지나치고, "
                "Adagrad는 느립니다. {SGD:settles} 끝에는 경사하강법만 최소점에 자리를 잡습니다.",
            },
        ),
        Part(
            "quartic-sgd",
            say={
                "en": "The second function has a plateau and two minima. Gradient descent runs from three starts. "
                "{arrives} One arrives. {leaves} But it leaves again: near the minima the surface is too curved for "
                "this learning rate, and all three bounce across the valley to the end.",
                "ko": "둘째 함수에는 고원 하나와 극소점 두 개가 있습니다. 경사하강법이 세 출발점에서 달립니다. "
                "{arrives} 하나가 극소점에 닿습니다. {leaves} 그러나 다시 떠납니다. 극소점 둘레의 곡률에 비해 학습률이 "
                "커서, 셋 다 끝까지 골짜기 양쪽을 오갑니다.",
            },
        ),
        Part(
            "quartic-momentum",
            say={
                "en": "With a velocity, a ninth of that learning rate is enough to cross the plateau in twenty steps. "
                "{ends} The velocity carries all three racers past the minima, and up the wall behind them.",
                "ko": "속도가 있으면 그 9분의 1의 학습률로도 스무 걸음에 고원을 건넙니다. {ends} 세 주자는 모두 속도에 "
                "실려 극소점을 지나치고, 건너편 벽을 오릅니다.",
            },
        ),
        Part(
            "quartic-adagrad",
            say={
                "en": "The first step of Adagrad has the same length on any slope. Then the steps become shorter, and "
                "both racers follow the floor of their valley without a bounce. {ends} Twenty steps are too few to "
                "arrive.",
                "ko": "Adagrad의 첫걸음은 기울기와 상관없이 길이가 같습니다. 그 뒤로는 걸음이 점점 짧아지고, 둘 다 "
                "진동하지 않고 골짜기 바닥을 따라갑니다. {ends} 스무 걸음으로는 극소점에 닿지 못합니다.",
            },
        ),
        Part(
            "quartic-rmsprop",
            say={
                "en": "RMSprop still remembers the steep wall when the ground becomes flat. So one racer makes short "
                "steps along a shelf. {ends} After ten steps it is still there, and the other one swings about a "
                "minimum.",
                "ko": "RMSprop은 바닥이 평평해져도 가파른 벽을 아직 기억합니다. 그래서 하나는 턱을 따라 짧은 걸음을 "
                "걷습니다. {ends} 열 걸음 뒤에도 턱에 있고, 다른 하나는 극소점 둘레를 오갑니다.",
            },
        ),
        Part(
            "quartic-adam",
            say={
                "en": "Adam runs from three starts, for ten, twenty and thirty steps. The farther start needs the "
                "longer run. {ends} All three run past a minimum, and stop on the wall behind it, because they have no "
                "more steps.",
                "ko": "Adam이 세 출발점에서 각각 열 걸음, 스무 걸음, 서른 걸음을 갑니다. 멀리서 출발할수록 더 오래 "
                "달려야 합니다. {ends} 셋 다 극소점을 지나치고, 걸음을 다 써서 건너편 벽에서 멈춥니다.",
            },
        ),
        Part(
            "quartic-race",
            say={
                "en": "Now all five from one start. Adagrad uses up its step size on the wall, and remains on the "
                "shelf. {Momentum:arrives} Momentum arrives at the minimum first, and leaves it again. {Adam:arrives} "
                "Adam arrives later, and has the lowest loss at the end.",
                "ko": "이제 다섯 방법이 한 출발점에서 달립니다. Adagrad는 벽에서 보폭을 다 써 버려 턱에 남습니다. "
                "{모멘텀:arrives} 모멘텀이 극소점에 먼저 닿았다가 다시 떠납니다. {Adam:arrives} Adam은 뒤에 닿고, "
                "마지막에 손실이 가장 낮습니다.",
            },
        ),
        Card(
            {"en": "Which one is the best?", "ko": "가장 좋은 방법은 무엇일까?"},
            seconds=10,
            say={
                "en": "Which one is the best? That depends on the surface, the learning rate and the start. Change "
                "them, and look again.",
                "ko": "가장 좋은 방법은 무엇일까요? 함수와 학습률과 출발점에 따라 다릅니다. 하나씩 바꾸어 보며 다시 "
                "살펴보세요.",
            },
        ),
    ],
)
