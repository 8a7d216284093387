"""What a deploy did underneath an open release: nothing that it put there may be promoted."""

from tidegate.decide import Next, roll_back
from tidegate.loop.readback import changed_config
from tidegate.loop.task import TaskInput, TaskOutput, advance, go
from tidegate.ports import Clock, EndpointState, ReleaseStore
from tidegate.release import Phase, ReleaseRecord

_FORWARD = frozenset({Phase.SHIFTING, Phase.BAKING, Phase.PROMOTING})


def turned_back(
    *,
    store: ReleaseStore,
    clock: Clock,
    task: TaskInput,
    record: ReleaseRecord,
    state: EndpointState,
) -> TaskOutput | None:
    """The output that rolls back when another configuration serves; None when all is as released.

    Ways back go on under any configuration: the live version keeps its slot in all of them.
    """
    why = changed_config(state, record)
    if why is None or record.phase not in _FORWARD:
        return None
    advance(store, task, lambda newest: roll_back(newest, now=clock.now(), why=why))
    return go(task, Next.SHIFT)
