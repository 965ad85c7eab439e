"""In which row a box stands, in which order the boxes of a row, and how far to the right.

Above its inputs, near what it is joined to, with few crossings: ranks first, then barycentres, then as upright as the neighbours let it.
"""

from __future__ import annotations

from itertools import pairwise

from .slots import CHANNEL, SPACE, Link, Slot

LIGHT = 0.05  # how much a leaf counts where boxes push each other aside


def rank(slots: list[Slot], links: list[Link]) -> None:
    """rank = 1 + the highest rank of the inputs; leaves stand at the bottom, and a storey above all of the storey below."""
    inputs: dict[Slot, list[Slot]] = {slot: [] for slot in slots}
    for link in links:
        if link.lower is not None and link.upper is not None:
            inputs[link.upper].append(link.lower)
    top = 0 if any(slot.leaf for slot in slots) else -1
    for slot in slots:
        slot.rank = 0
    for storey in sorted({slot.storey for slot in slots}):
        inside = [slot for slot in slots if slot.storey == storey and not slot.leaf]
        for _ in inside:  # as a rule inputs come first, and once is enough; never more often than there are boxes
            before = [slot.rank for slot in inside]
            for slot in inside:
                slot.rank = max([top + 1, *(x.rank + 1 for x in inputs[slot])])
            if before == [slot.rank for slot in inside]:
                break
        top = max([top, *(slot.rank for slot in inside)])


def rise_to_users(links: list[Link]) -> None:
    """A leaf stands right under the lowest of its users."""
    lowest: dict[Slot, int] = {}
    for link in links:
        if link.lower is not None and link.upper is not None and link.lower.leaf and link.lower.key is not None:
            lowest[link.lower] = min(lowest.get(link.lower, link.upper.rank), link.upper.rank)
    for leaf, above in lowest.items():
        leaf.rank = above - 1


def to_the_top(slots: list[Slot]) -> None:
    """Ways out stand in a row of their own above all others."""
    highest = max((slot.rank for slot in slots if not slot.ceiling), default=0)
    for slot in slots:
        slot.rank = highest + 1 if slot.ceiling else slot.rank


def wrap_leaves(slots: list[Slot], room: float) -> None:
    """The leaves of the bottom row in as many rows as they need; everything else moves up."""
    rows: list[float] = [0.0]
    place = {}
    for slot in slots:
        if slot.leaf and slot.rank == 0:
            if rows[-1] and rows[-1] + SPACE + slot.need > room:
                rows.append(0.0)
            rows[-1] += SPACE + slot.need
            place[slot] = len(rows) - 1
    for slot in slots:
        slot.rank = place.get(slot, slot.rank + len(rows) - 1)


def relax(rows: list[list[Slot]], links: list[Link], space: float, sweeps: int = 24) -> None:
    """Widths as needed; each box moves to the mean of what it is joined to, as far as its neighbours in the row let it."""
    around: dict[Slot, list[Slot]] = {slot: [] for row in rows for slot in row}
    for link in links:
        chain = [x for x in (link.lower, *link.mids, link.upper) if x is not None and x in around]
        for a, b in pairwise(chain):
            couple(a, b, around)
    for row in rows:
        x = 0.0
        for slot in row:
            slot.w, slot.x = slot.need, x
            x += slot.need + space
    places = {slot: k for k, row in enumerate(rows) for slot in row}
    below = {slot: [x for x in leading(found) if places[x] < places[slot]] for slot, found in around.items()}
    for sweep in range(sweeps):
        for row in rows if sweep % 2 else rows[::-1]:
            keep_order(row, [mean(leading(around[slot]), slot) for slot in row], space)
    for row in rows:  # at last upwards, so that a chain is upright
        keep_order(row, [mean(below[slot] or leading(around[slot]), slot) for slot in row], space)
    left = min(slot.x for row in rows for slot in row)
    for row in rows:
        for slot in row:
            slot.x -= left


def leading(around: list[Slot]) -> list[Slot]:
    """What a box stands above or below: other results, and leaves only where there is nothing else."""
    return [slot for slot in around if not slot.leaf] or around


def mean(around: list[Slot], slot: Slot) -> float:
    """The middle of what is around a box; its own where there is nothing."""
    return sum(other.x + other.w / 2 for other in around or [slot]) / len(around or [slot])


def keep_order(row: list[Slot], wanted: list[float], space: float) -> None:
    """Pool adjacent violators: the centres nearest to the wanted ones at which no two boxes of the row come too close.

    Leaves give way: they count little.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (a.w + b.w) / 2 + space)
    pools: list[tuple[float, float, int]] = []
    for slot, x, offset in zip(row, wanted, offsets, strict=True):
        weight = LIGHT if slot.leaf else 1.0
        total, heavy, count = weight * (x - offset), weight, 1
        while pools and pools[-1][0] / pools[-1][1] > total / heavy:
            before = pools.pop()
            total, heavy, count = total + before[0], heavy + before[1], count + before[2]
        pools.append((total, heavy, count))
    centres = [total / heavy for total, heavy, count in pools for _ in range(count)]
    for slot, centre, offset in zip(row, centres, offsets, strict=True):
        slot.x = centre + offset - slot.w / 2


def ordered_rows(slots: list[Slot], links: list[Link]) -> list[list[Slot]]:
    """The rows from the bottom, with places for passing edges, ordered so that lines cross little (barycentres)."""
    count = max((slot.rank for slot in slots), default=0) + 1
    rows: list[list[Slot]] = [[] for _ in range(count)]
    for slot in slots:
        rows[slot.rank].append(slot)
    neighbours: dict[Slot, list[Slot]] = {slot: [] for slot in slots}
    for link in links:
        chain_up(link, rows, neighbours, count)
    for sweep in range(6):
        places = {slot: (k + 0.5) / len(row) for row in rows for k, slot in enumerate(row)}
        for row in rows[1:] if sweep % 2 == 0 else rows[-2::-1]:
            row.sort(key=lambda slot: (slot.right_pull, not slot.left_pull, barycentre(slot, neighbours, places)))
            places |= {slot: (k + 0.5) / len(row) for k, slot in enumerate(row)}
    for row in rows:
        boxes = [slot for slot in row if slot.key is not None]
        if boxes:
            boxes[0].first = boxes[-1].last = True
    return rows


def chain_up(link: Link, rows: list[list[Slot]], neighbours: dict[Slot, list[Slot]], count: int) -> None:
    """Places for a link in every row between its ends; one from below needs none beside the boxes, it has its track."""
    low = link.lower.rank if link.lower is not None else -1
    high = link.upper.rank if link.upper is not None else count
    before = link.lower
    for k in range(low + 1, high):
        mid = Slot(None, need=CHANNEL, fixed=True, rank=k, right_pull=link.upper is None)
        link.mids.append(mid)
        neighbours[mid] = []
        rows[k].append(mid) if link.lower is not None else None
        couple(before, mid, neighbours)
        before = mid if link.lower is not None else None
    couple(before, link.upper, neighbours)


def couple(a: Slot | None, b: Slot | None, neighbours: dict[Slot, list[Slot]]) -> None:
    """a and b want to stand above each other."""
    if a is not None and b is not None:
        neighbours[a].append(b)
        neighbours[b].append(a)


def barycentre(slot: Slot, neighbours: dict[Slot, list[Slot]], places: dict[Slot, float]) -> float:
    """The mean place of what the slot is joined to; where it stands now if to nothing."""
    around = [places[other] for other in neighbours[slot] if other in places]
    return sum(around) / len(around) if around else places[slot]


def spread(row: list[Slot], width: float) -> None:
    """Widths and positions along a row: passing edges and leaves keep what they need, the other boxes share the rest."""
    free = width - sum(slot.need for slot in row) - SPACE * (len(row) - 1)
    growing = [slot for slot in row if not slot.fixed]
    shrink = 1.0 if free >= 0 else max(0.2, 1 + free / max(1.0, sum(s.need for s in row if s.key is not None)))
    x = 0.0
    for slot in row:
        slot.w = slot.need * (shrink if slot.key is not None else 1.0)
        if free > 0 and not slot.fixed:
            slot.w += free / len(growing)
        slot.x = x
        x += slot.w + SPACE
