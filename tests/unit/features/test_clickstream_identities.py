"""Identities, held against union-find in Python and against SciPy's connected components."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from dataops.features.render import Renderer
from ml.errors import UsageError
from tests.unit.features.brute_force import fill

START = datetime(2025, 1, 1)
Sighting = tuple[str | None, str | None, datetime]
DEVICES = st.one_of(st.none(), *[st.integers(0, 9).map(lambda n: f"d{n}")] * 5)
USERS = st.one_of(st.none(), *[st.integers(0, 9).map(lambda n: f"u{n}")] * 5)
TIMES = st.integers(0, 6).map(lambda day: START + timedelta(days=day))
SIGHTINGS = st.lists(st.tuples(DEVICES, USERS, TIMES), max_size=25)


class UnionFind:
    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, member: str) -> str:
        above = self._above.setdefault(member, member)
        if above != member:
            self._above[member] = self.find(above)
        return self._above[member]

    def union(self, left: str, right: str) -> None:
        low, high = sorted((self.find(left), self.find(right)))
        self._above[high] = low


def by_hand(rows: list[Sighting], most: int, most_users: int) -> dict[tuple[str, str], Any]:
    """Identity and known time of every user and device, by links in the order they were learnt."""
    links: dict[tuple[str, str], datetime] = {}
    seen: dict[str, datetime] = {}
    for device, user, at in rows:
        for member in filter(None, (device, user)):
            seen[member] = min(at, seen.get(member, at))
        if device and user:
            links[device, user] = min(at, links.get((device, user), at))
    users_of = defaultdict(set)
    for device, user in links:
        users_of[device].add(user)
    kept = {link: at for link, at in links.items() if len(users_of[link[0]]) <= most}
    final = UnionFind()
    for device, user in kept:
        # A user's name is smaller than any device's, so that a user is the root.
        final.union(f"1{device}", f"0{user}")
    users = {member for member in seen if member[0] == "u"}
    sizes = defaultdict(int)
    for user in users:
        sizes[final.find(f"0{user}")] += 1
    told = {}
    for member, at in seen.items():
        kind = "user" if member[0] == "u" else "device"
        node = f"{'0' if kind == 'user' else '1'}{member}"
        root = final.find(node)
        if sizes[root] > most_users:
            only = users_of[member]
            identity = member if kind == "user" else next(iter(only)) if len(only) == 1 else None
            known = links[member, identity] if kind == "device" and identity else at
            told[kind, member] = (identity, known)
        elif root[0] == "1":
            told[kind, member] = (None, at)
        else:
            told[kind, member] = (root[1:], _first_joined(node, root, kept, at))
    return told


def _first_joined(
    node: str, root: str, links: dict[tuple[str, str], datetime], seen: datetime
) -> datetime:
    grown = UnionFind()
    if node == root:
        return seen
    for (device, user), at in sorted(links.items(), key=lambda each: each[1]):
        grown.union(f"1{device}", f"0{user}")
        if grown.find(node) == grown.find(root):
            return at
    raise AssertionError(node)


def identities(rows: list[Sighting], **options: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(config={"threads": 1}) as connection:
        fill(connection, "events", "device varchar, person varchar, learnt timestamp", rows)
        sql = Renderer({}, {}).render(
            "identities", "events", "device", "person", "learnt", **options
        )
        return connection.execute(sql).fetchall()


@settings(max_examples=50, deadline=None)
@given(rows=SIGHTINGS, most=st.integers(1, 4), most_users=st.integers(1, 6))
def test_identities_and_when_they_were_known_are_those_of_union_find(
    rows: list[Sighting], most: int, most_users: int
) -> None:
    told = identities(rows, users_per_device=most, users_per_identity=most_users)
    assert {row[:2]: (row[2], row[5]) for row in told} == by_hand(rows, most, most_users)
    assert len(told) == len({row[:2] for row in told})


@settings(max_examples=25, deadline=None)
@given(rows=SIGHTINGS)
def test_without_caps_identities_are_the_connected_components(rows: list[Sighting]) -> None:
    told = identities(rows, users_per_device=10, users_per_identity=10)
    members = {row[1]: place for place, row in enumerate(told)}
    links = [(members[d], members[u]) for d, u, _ in rows if d and u]
    ends = tuple(zip(*links, strict=True)) or ((), ())
    graph = coo_matrix(([1] * len(links), ends), shape=(len(members), len(members)))
    _, component = connected_components(graph, directed=False)
    identity = {}
    for place, row in enumerate(told):
        if row[3] != "anonymous":
            assert identity.setdefault(component[place], row[2]) == row[2]
    assert len(set(identity.values())) == len(identity)


def test_a_device_of_a_city_connects_nobody_and_a_family_tablet_does() -> None:
    rows = [("kiosk", f"u{n:03}", START) for n in range(300)]
    rows += [("tablet", "u001", START), ("tablet", "u002", START)]
    told = {row[1]: row for row in identities(rows)}
    assert told["u002"][2] == told["tablet"][2] == "u001"
    assert told["kiosk"][2:4] == (None, "shared")
    assert len({told[f"u{n:03}"][2] for n in range(300)}) == 299


@pytest.mark.parametrize("length", [5, 6, 40])
def test_a_chain_of_more_users_than_allowed_stays_apart(length: int) -> None:
    rows = [(f"d{n}", f"u{n + each:02}", START) for n in range(length - 1) for each in (0, 1)]
    told = identities(rows, users_per_identity=5)
    users = {row[2] for row in told if row[0] == "user"}
    assert len(users) == (1 if length <= 5 else length)
    assert {row[3] for row in told} == {"linked" if length <= 5 else "excess"}


def test_what_was_known_at_a_date_is_what_was_linked_by_then() -> None:
    rows: list[Sighting] = [
        ("phone", None, START),
        ("phone", "u1", START + timedelta(days=5)),
    ]
    before = identities(rows, as_of="timestamp '2025-01-03'")
    after = identities(rows, as_of="timestamp '2025-01-06'")
    assert [row[1:4] for row in before] == [("phone", None, "anonymous")]
    assert {row[1:4] for row in after} == {("phone", "u1", "linked"), ("u1", "u1", "linked")}


def test_an_event_before_the_login_gets_its_identity_from_when_it_could_be_told() -> None:
    login = START + timedelta(days=5)
    rows: list[Sighting] = [
        ("phone", None, START), ("phone", "u1", login), ("phone", None, login + timedelta(1)),
        ("other", None, START), (None, "u1", START + timedelta(days=1)),
    ]  # fmt: skip
    with duckdb.connect() as connection:
        fill(connection, "events", "device varchar, person varchar, learnt timestamp", rows)
        render = Renderer({}, {}).render
        names = ("device", "person", "learnt")
        connection.execute(f"create table known as {render('identities', 'events', *names)}")
        stitched = render("stitched_events", "events", "known", *names)
        told = connection.execute(stitched).fetchall()
    assert sorted(told, key=repr) == sorted(
        [
            ("phone", None, START, "u1", login),
            ("phone", "u1", login, "u1", login),
            ("phone", None, login + timedelta(1), "u1", login + timedelta(1)),
            ("other", None, START, None, START),
            (None, "u1", START + timedelta(days=1), "u1", START + timedelta(days=1)),
        ],
        key=repr,
    )


def test_a_cap_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="users_per_device is 0; allowed: a whole number from 1"):
        identities([], users_per_device=0)
