"""Of a graph with more boxes than can be read, its beginning and its end; all between is one box that says how much it is."""

from __future__ import annotations

from .graph import Graph, Value


class Elided:
    """The graph cut down to `most` results; `restore` gives it back, to be cut otherwise."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.values = graph, graph.values
        self.before = [(v, v.inputs, v.users, v.shown) for v in graph.values]

    def restore(self) -> None:
        """As it was."""
        for v, inputs, users, shown in self.before:
            v.inputs, v.users, v.shown = inputs, users, shown
        self.graph.values = list(self.values)
        self.number()

    def keep_ends(self, most: int) -> None:
        """A third of the results from the beginning, the others from the end, with the leaves that they use, as far as there is room."""
        boxes = [v for v in self.values if v.shown and v.computed]
        if len(boxes) > most:
            early = most // 3
            first, last = boxes[early - 1].time if early else float("-inf"), boxes[early - most - 1].time
            self.as_one([v for v in self.values if v.computed and first < v.time <= last])
        self.fewer_leaves(most)
        self.number()

    def as_one(self, between: list[Value]) -> None:
        """What was computed between the two ends, as one box."""
        inside = set(between)
        rest = Value(None, "elided", name="…", shown=True, time=between[-1].time, settings={"operations": len(between)})
        before = dict.fromkeys(x for v in between for x in v.inputs if x.computed and x not in inside)
        rest.inputs = list(before)
        for x in before:
            x.users = [*(user for user in x.users if user not in inside), rest]
        for v in dict.fromkeys(user for x in between for user in x.users if user not in inside):
            v.inputs = [rest if x in inside else x for x in v.inputs]
            rest.users.append(v)
        kept = []
        for v in self.values:
            if v is between[-1]:
                kept.append(rest)
            users = [user for user in v.users if user not in inside]
            if v not in inside and (v.computed or users):
                v.users = users
                kept.append(v)
        self.graph.values = kept

    def fewer_leaves(self, most: int) -> None:
        """The weights, and the newest of the other leaves; one more box says how many others there are."""
        leaves = sorted([v for v in self.graph.values if v.leaf and v.shown], key=lambda v: v.kind == "weight")
        hidden = leaves[:-most] if len(leaves) > most + 1 else []
        if not hidden:
            return
        more = Value(None, "elided", name="…", shown=True, time=hidden[-1].time, settings={"inputs more": len(hidden)})
        for x in hidden:
            x.shown = False
            for user in x.users:
                if more not in user.inputs:
                    user.inputs = [*user.inputs, more]
                    more.users.append(user)
        self.graph.values.insert(self.graph.values.index(hidden[-1]) + 1, more)

    def number(self) -> None:
        """Boxes have their ids by their place in the graph."""
        self.graph.id = {v: f"n{k}" for k, v in enumerate(self.graph.values)}
