"""Worlds that release by shadow, and then by canary what has passed."""

from tests.e2e.world import PROJECT, Behaviour, World

ALIKE = Behaviour(name="v2", wrong_percent=18)
"""Answers two of a hundred requests otherwise than v1."""

SHADOW = """\
    data_capture: { percent: 100 }
    release:
      strategy: shadow
      bake: 4m
      compare: { answer: /label, slice: /draw }
      then: canary
      steps: [{ share_percent: 50, bake: 4m }]
      guardrails:
        errors: { margin: 0.05 }
        latency: { margin: 0.25, tolerated_slowdown: 3.0 }
        agreement: { margin: 0.10 }
      alpha: 0.0001
      lag: 5m
      hold: 2h
"""


def shadowed(world: World) -> World:
    """The world whose project releases by shadow, and by canary what has passed."""
    head, _ = PROJECT.split("    release:\n")
    world.project_text = head + SHADOW
    return world
