"""Situations and the plan that each must come to: what is found, what was chosen and done -> what remains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

USUAL = "fraud=key1 fraud/wbs*=key1 fraud/train=key1"


@dataclass(frozen=True)
class Case:
    """`start` is the state that the goal was frozen from, where it differs from `found`."""

    name: str
    found: str
    steps: str
    outcome: str = "ready"
    start: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    done: str = ""
    replaced: str = ""
    decisions: str = ""
    gaps: str = ""
    contingent: str | None = None
    state: dict[str, Any] = field(default_factory=dict)
    says: str = ""


GAP = {"on_insist": "accept-gap"}
FREED = "regenerate:key2 move:fraud/train:key2 resync:fraud:key2"
SYSTEMS = "move:fraud/wbs:key2 move-again:fraud/wbs:key2 move-once-more:fraud/wbs:key2"
WAITS = " ".join(f"await-sync:fraud:key2:{look}" for look in range(1, 6))
TRIED = f"{FREED} move:fraud/wbs:key2 resync-again:fraud:key2"
STUCK = "fraud=key1 fraud/wbs*=key2 fraud/train=key2"

CASES = (
    # --- both slots ------------------------------------------------------------------------------
    Case("everyone on key1: key2 first, move, resync, soak, then key1", USUAL, f"{FREED} soak:key1 regenerate:key1",
         contingent=f"{SYSTEMS} resync-again:fraud:key2 soak-again:key1", says="no gap"),
    Case("everyone on key2: key1 is free and goes first", "fraud=key2 fraud/train=key2",
         "regenerate:key1 move:fraud/train:key1 resync:fraud:key1 soak:key2 regenerate:key2"),
    Case("nobody holds a key: both at once, without a wait", "fraud/lake=identity", "regenerate:key2 regenerate:key1"),
    Case("no holder at all", "", "regenerate:key2 regenerate:key1"),
    Case("holders on both: the slot with fewer is freed first", "fraud=key1 fraud/train=key2",
         "move:fraud/train:key1 soak:key2 regenerate:key2 move:fraud/train:key2 resync:fraud:key2 soak:key1 "
         "regenerate:key1"),
    Case("a workspace weighs more than its datastores", "fraud=key2 fraud/a=key1 fraud/b=key1 fraud/c=key1",
         "move:fraud/a:key2 move:fraud/b:key2 move:fraud/c:key2 soak:key1 regenerate:key1 move:fraud/a:key1 "
         "move:fraud/b:key1 move:fraud/c:key1 resync:fraud:key1 soak:key2 regenerate:key2"),
    Case("no soak when none is wanted", USUAL, f"{FREED} regenerate:key1", options={"soak": 0}),
    Case("two workspaces on one account are both resynced", "fraud=key1 churn=key1 churn/raw=key1",
         "regenerate:key2 move:churn/raw:key2 resync:fraud:key2 resync:churn:key2 soak:key1 regenerate:key1"),
    Case("a datastore of another workspace is moved, that workspace is not resynced", "fraud=key1 other/shared=key1",
         "regenerate:key2 move:other/shared:key2 resync:fraud:key2 soak:key1 regenerate:key1"),
    Case("a SAS is signed anew like a key is moved", "fraud=key1 fraud/raw~key1",
         "regenerate:key2 move:fraud/raw:key2 resync:fraud:key2 soak:key1 regenerate:key1"),
    Case("identity-based datastores are left alone", "fraud=key1 fraud/lake=identity",
         "regenerate:key2 resync:fraud:key2 soak:key1 regenerate:key1"),
    Case("keys younger than asked for stay", USUAL, "", "no-changes",
         options={"older_than_days": 500}, says="older than 500 days"),
    # --- in the middle of a run --------------------------------------------------------------------
    Case("after the first regenerate the moves remain", USUAL,
         "move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1", replaced="key2", done="regenerate:key2"),
    Case("the resync moved the system datastores too", "fraud=key2 fraud/wbs*=key2 fraud/train=key2",
         "soak:key1 regenerate:key1", start=USUAL, replaced="key2", done=FREED),
    Case("the resync left the system datastores: they are moved, and no second resync is needed",
         "fraud=key2 fraud/wbs*=key1 fraud/train=key2", "move:fraud/wbs:key2 soak:key1 regenerate:key1",
         start=USUAL, replaced="key2", done=FREED),
    Case("after the soak the old key dies", "fraud=key2 fraud/wbs*=key2 fraud/train=key2", "regenerate:key1",
         start=USUAL, replaced="key2", done=f"{FREED} soak:key1"),
    Case("a holder that moved after the soak is given time too", "fraud=key2 fraud/wbs*=key2 fraud/train=key2",
         "soak-again:key1 regenerate:key1", start=USUAL, replaced="key2",
         done=f"{FREED} soak:key1 move:fraud/wbs:key2"),
    Case("the workspace went back during the soak: resync again, soak again", "fraud=key1 fraud/train=key2",
         "resync-again:fraud:key2 soak-again:key1 regenerate:key1", start="fraud=key1 fraud/train=key1",
         replaced="key2", done=f"{FREED} soak:key1"),
    Case("a holder that appeared during the soak is moved before anything dies",
         "fraud=key2 fraud/train=key2 fraud/new=key1", "move:fraud/new:key2 soak-again:key1 regenerate:key1",
         start="fraud=key1 fraud/train=key1", replaced="key2", done=f"{FREED} soak:key1"),
    Case("done", "fraud=key2 fraud/wbs*=key2 fraud/train=key2", "", "no-changes", start=USUAL, replaced="key1 key2",
         done=f"{FREED} soak:key1 regenerate:key1", says="It holds"),
    Case("another run of ours, or somebody, replaced key2 meanwhile: whoever died is mended first",
         "fraud=key1 fraud/train=neither", "move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1",
         start="fraud=key1 fraud/train=key2", replaced="key2"),
    Case("a datastore that something writes back stops the run", "fraud=key2 fraud/wbs*=key2 fraud/train=key1",
         "soak:key1 regenerate:key1", "blocked", start=USUAL, replaced="key2",
         done=f"{FREED} move-again:fraud/train:key2 move-once-more:fraud/train:key2", says="something else writes it"),
    Case("a datastore that came back once is moved once more", "fraud=key2 fraud/wbs*=key2 fraud/train=key1",
         "move-again:fraud/train:key2 soak:key1 regenerate:key1", start=USUAL, replaced="key2", done=FREED),
    Case("a move whose proof failed is tried again under its own name", "fraud=key1 fraud/train=key1",
         "move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1", replaced="key2",
         done="regenerate:key2 move:fraud/train:key2!"),
    # --- one slot, leaked --------------------------------------------------------------------------
    Case("only key2, which nobody holds", USUAL, "regenerate:key2", options={"only": "key2"}),
    Case("only key1: holders move to the key2 that is there", USUAL,
         "move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1", options={"only": "key1"}),
    Case("leaked key1 in use: move to key2 as it is, no soak, then it dies", USUAL,
         "move:fraud/train:key2 resync:fraud:key2 regenerate:key1", options={"leaked": "key1"}),
    Case("leaked key2 that nobody holds dies at once", USUAL, "regenerate:key2", options={"leaked": "key2"}),
    Case("leaked: a dead holder is mended after the key is dead", "fraud=key1 fraud/train=neither",
         "resync:fraud:key2 regenerate:key1 move:fraud/train:key2", options={"leaked": "key1"}),
    Case("leaked keys are replaced whatever their age", USUAL, "regenerate:key2",
         options={"leaked": "key2", "older_than_days": 9999}),
    # --- holders without a key at the start --------------------------------------------------------
    Case("a third value is found: moved to the live key with the others", "fraud=key1 fraud/train=neither",
         "regenerate:key2 move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1"),
    Case("a stale workspace is resynced with the others", "fraud=neither fraud/train=key1",
         "regenerate:key2 move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1"),
    Case("the resync is expected to mend the system datastores too", "fraud=neither fraud/wbs*=neither fraud/train=key1",
         "regenerate:key2 move:fraud/train:key2 resync:fraud:key2 soak:key1 regenerate:key1",
         contingent=f"{SYSTEMS} resync-again:fraud:key2 soak-again:key1"),
    Case("and is helped where it does not", "fraud=key2 fraud/wbs*=neither fraud/train=key2",
         "move:fraud/wbs:key2 soak:key1 regenerate:key1", start="fraud=neither fraud/wbs*=neither fraud/train=key1",
         replaced="key2", done="regenerate:key2 move:fraud/train:key2 resync:fraud:key2"),
    Case("a lost vault secret is written anew in the end", "fraud=key1 fraud/train=missing",
         "regenerate:key2 resync:fraud:key2 soak:key1 regenerate:key1 move:fraud/train:key2"),
    Case("an ended SAS is left alone", "fraud=key2 fraud/raw~expired",
         "regenerate:key1 resync:fraud:key1 soak:key2 regenerate:key2"),
    Case("an ended SAS is signed anew when an end is given", "fraud=key2 fraud/raw~expired",
         "regenerate:key1 resync:fraud:key1 soak:key2 regenerate:key2 move:fraud/raw:key1", options={"sas_hours": 48}),
    Case("nothing to replace, but somebody to mend", "fraud=key1 fraud/train=neither", "move:fraud/train:key1",
         options={"older_than_days": 500}),
    # --- a workspace that insists ------------------------------------------------------------------
    Case("still on key1 after the resync: system datastores, then a second resync",
         "fraud=key1 fraud/wbs*=key1 fraud/train=key2",
         "move:fraud/wbs:key2 resync-again:fraud:key2 soak:key1 regenerate:key1", start=USUAL, replaced="key2",
         done=FREED),
    Case("still on key1 after the second: ask", STUCK, "", "needs-decision", start=USUAL, replaced="key2", done=TRIED,
         decisions="insists:fraud", says="keeps key1"),
    Case("accept the gap: key1 dies, resync at once", STUCK, "soak:key1 regenerate:key1:gap recover:fraud:key1 prove-dead:key1",
         start=USUAL, replaced="key2", done=TRIED, decided={"insists:fraud": "accept-gap"}, gaps="fraud",
         contingent=f"{SYSTEMS} soak-again:key1 regenerate:key1"),
    Case("in the gap nothing comes before the resync", "fraud=neither fraud/wbs*=key2 fraud/train=key2",
         "recover:fraud:key1 prove-dead:key1", start=USUAL, replaced="key1 key2",
         done=f"{TRIED} soak:key1 regenerate:key1:gap", decided={"insists:fraud": "accept-gap"}),
    Case("in the gap with a system datastore: the resync may mend both", "fraud=neither fraud/wbs*=neither fraud/train=key2",
         "recover:fraud:key1 prove-dead:key1", start=USUAL, replaced="key1 key2", done="regenerate:key1:gap",
         contingent="move:fraud/wbs:key2"),
    Case("the old key is proven dead after the gap", "fraud=key1 fraud/wbs*=key2 fraud/train=key2", "prove-dead:key1",
         start=USUAL, replaced="key1 key2", done="regenerate:key1:gap recover:fraud:key1"),
    Case("the system datastore did not follow out of the gap", "fraud=key1 fraud/wbs*=neither fraud/train=key2",
         "move:fraud/wbs:key2",
         start=USUAL, replaced="key1 key2", done="regenerate:key1:gap recover:fraud:key1 prove-dead:key1"),
    Case("after the gap all is well on two slots", "fraud=key1 fraud/wbs*=key2 fraud/train=key2", "", "no-changes",
         start=USUAL, replaced="key1 key2", done=f"{TRIED} soak:key1 regenerate:key1:gap recover:fraud:key1 prove-dead:key1"),
    Case("a gap accepted beforehand is announced beforehand", USUAL, f"{FREED} soak:key1 regenerate:key1",
         options=GAP, gaps="fraud",
         contingent=f"{SYSTEMS} recover:fraud:key1 regenerate:key1:gap prove-dead:key1 "
         "resync-again:fraud:key2 soak-again:key1"),
    Case("accepted beforehand and needed", STUCK, "soak:key1 regenerate:key1:gap recover:fraud:key1 prove-dead:key1", start=USUAL,
         replaced="key2", done=TRIED, options=GAP, gaps="fraud"),
    Case("wait for Azure ML's own synchronisation", STUCK, WAITS, start=USUAL, replaced="key2",
         done=TRIED, decided={"insists:fraud": "wait"}),
    Case("the wait is approved beforehand", USUAL, f"{FREED} soak:key1 regenerate:key1", options={"on_insist": "wait"},
         contingent=f"{SYSTEMS} {WAITS} resync-again:fraud:key2 soak-again:key1"),
    Case("waited in vain: ask again, without the wait", STUCK, "", "needs-decision", start=USUAL, replaced="key2",
         done=f"{TRIED} {WAITS}", decided={"insists:fraud": "wait"}, decisions="insists:fraud"),
    Case("waited well: go on", "fraud=key2 fraud/wbs*=key2 fraud/train=key2", "soak:key1 regenerate:key1", start=USUAL,
         replaced="key2", done=f"{TRIED} {WAITS[:23]}", decided={"insists:fraud": "wait"}),
    Case("leave it: the rest is done, and it is said", STUCK, "", "no-changes", start=USUAL, replaced="key2",
         done=TRIED, decided={"insists:fraud": "leave"}, says="key1 is left as it is"),
    Case("one of two insists: the other is resynced before anybody is asked", "fraud=key1 churn=key1",
         "resync:churn:key2", start="fraud=key1 churn=key1", replaced="key2",
         done="regenerate:key2 resync:fraud:key2 resync-again:fraud:key2"),
    Case("both insist: both are asked about", "fraud=key1 churn=key1", "", "needs-decision", replaced="key2",
         start="fraud=key1 churn=key1", decisions="insists:churn insists:fraud",
         done="regenerate:key2 resync:fraud:key2 resync:churn:key2 resync-again:fraud:key2 resync-again:churn:key2"),
    Case("both insist and both gaps are accepted", "fraud=key1 churn=key1",
         "soak:key1 regenerate:key1:gap recover:fraud:key1 recover:churn:key1 prove-dead:key1", replaced="key2", options=GAP,
         start="fraud=key1 churn=key1", gaps="churn; fraud",
         done="regenerate:key2 resync:fraud:key2 resync:churn:key2 resync-again:fraud:key2 resync-again:churn:key2"),
    Case("a system datastore that returns with its insisting workspace shares its gap",
         "fraud=key1 fraud/wbs*=key1 fraud/train=key2",
         "soak:key1 regenerate:key1:gap recover:fraud:key1 prove-dead:key1", start=USUAL, replaced="key2",
         done=f"{TRIED} {SYSTEMS}", options=GAP, gaps="fraud; fraud/wbs"),
    Case("an insisting workspace that works without keys needs no question", "fraud=key1",
         "soak:key1 regenerate:key1 recover:fraud:key1", start="fraud=key1", replaced="key2",
         state={"keyless": "fraud"}, done="regenerate:key2 resync:fraud:key2 resync-again:fraud:key2"),
    Case("a workspace that does not tell its key is resynced before and after", "fraud=unknown fraud/train=key1",
         "move:fraud/train:key2 resync:fraud:key2 regenerate:key1 refresh:fraud:key1", gaps="fraud",
         options={"leaked": "key1"}, says="announced gap"),
    Case("a workspace that does not tell its key is refreshed once after each key", "fraud=unknown",
         "refresh:fraud:key2", start="fraud=unknown", replaced="key2", options={"only": "key2"},
         done="resync:fraud:key1 regenerate:key2"),
    Case("leaked and insisting: asked before the leaked key may die with a gap", "fraud=key1", "", "needs-decision",
         options={"leaked": "key1"}, done="resync:fraud:key2 resync-again:fraud:key2", decisions="insists:fraud"),
    Case("leaked and insisting, accepted beforehand", "fraud=key1", "regenerate:key1:gap recover:fraud:key1 prove-dead:key1",
         options={"leaked": "key1", **GAP}, done="resync:fraud:key2 resync-again:fraud:key2", gaps="fraud"),
    # --- what we cannot move -----------------------------------------------------------------------
    Case("a connection on the slot is asked about", "fraud=key1 fraud/conn!key1",
         "regenerate:key2 resync:fraud:key2 soak:key1 regenerate:key1", "needs-decision",
         decisions="connection:fraud/conn", says="does not write it"),
    Case("a connection decides which slot goes first", "fraud=key1 fraud/conn!key2",
         "resync:fraud:key2 soak:key1 regenerate:key1 resync:fraud:key1 soak:key2 regenerate:key2",
         "needs-decision", decisions="connection:fraud/conn"),
    Case("handed over: a person moves the connection before the key dies", "fraud=key1 fraud/conn!key1",
         "regenerate:key2 resync:fraud:key2 hand-over:fraud/conn:key2 soak:key1 regenerate:key1",
         decided={"connection:fraud/conn": "hand-over"}),
    Case("said to be moved, but it is not", "fraud=key2 fraud/conn!key1", "soak:key1 regenerate:key1", "blocked",
         start="fraud=key1 fraud/conn!key1", replaced="key2", decided={"connection:fraud/conn": "hand-over"},
         done="regenerate:key2 resync:fraud:key2 hand-over:fraud/conn:key2", says="still holds key1"),
    Case("its loss is accepted: announced, and not mended", "fraud=key1 fraud/conn!key1",
         "regenerate:key2 resync:fraud:key2 soak:key1 regenerate:key1",
         decided={"connection:fraud/conn": "accept"}, gaps="fraud/conn"),
    Case("left: the slot stays, nothing is moved off it", "fraud=key1 fraud/conn!key1", "regenerate:key2",
         decided={"connection:fraud/conn": "leave"}),
    Case("a SAS that may not be signed anew is asked about", "fraud=key1 fraud/raw~key1",
         "regenerate:key2 resync:fraud:key2 soak:key1 regenerate:key1", "needs-decision",
         options={"reissue_sas": False}, decisions="sas:fraud/raw"),
    Case("requests signed with a key are asked about", USUAL, f"{FREED} soak:key1 regenerate:key1", "needs-decision",
         state={"traffic": 1200.0}, decisions="external", says="1200 requests"),
    Case("metrics that cannot be read are asked about", USUAL, f"{FREED} soak:key1 regenerate:key1", "needs-decision",
         state={"traffic": None}, decisions="external", says="cannot be read"),
    Case("clients outside may lose access", USUAL, f"{FREED} soak:key1 regenerate:key1", state={"traffic": 9.0},
         options={"external": "accept"}, gaps="clients outside Azure ML"),
    Case("clients outside are moved by their owners before each key dies", USUAL,
         "hand-over:external:key1 soak:key2 regenerate:key2 move:fraud/train:key2 resync:fraud:key2 "
         "hand-over:external:key2 soak:key1 regenerate:key1",
         state={"traffic": 9.0}, decided={"external": "hand-over"}),
    # --- blocked -----------------------------------------------------------------------------------
    Case("shared keys are disabled", USUAL, "", "blocked", state={"shared_keys": False}, says="disabled"),
    Case("a read-only lock", USUAL, "", "blocked", state={"locks": ("freeze on rg",)}, says="freeze on rg"),
    Case("a delete lock does not matter", USUAL, f"{FREED} soak:key1 regenerate:key1",
         state={"delete_locks": ("keep on rg",)}),
    Case("a datastore that cannot be read", "fraud=key1 fraud/train=unreadable", "", "blocked", says="both keys"),
    Case("a workspace that cannot be read", "fraud=unreadable", "", "blocked", says="cannot be read"),
    Case("leaked changes nothing about that", "fraud=unreadable", "", "blocked", options={"leaked": "key1"}),
    Case("a holder that vanished", "fraud=key1", "", "blocked", start="fraud=key1 fraud/train=key1",
         says="not listed any more"),
    Case("a deleted connection is no loss", "fraud=key1", "regenerate:key2 resync:fraud:key2 soak:key1 regenerate:key1",
         start="fraud=key1 fraud/conn!key1", options={"soak": 3600}),
    Case("in a gap the resync comes first, whatever else cannot be read", "fraud=neither fraud/train=unreadable",
         "recover:fraud:key1 prove-dead:key1", start="fraud=key1 fraud/train=key2", replaced="key1 key2",
         done="regenerate:key1:gap"),
    Case("no such account", "", "", "blocked", state={"exists": False, "slots": ()}, says="does not exist"),
    Case("the keys cannot be read", USUAL, "", "blocked", state={"slots": (), "problem": "no permission."},
         says="no permission"),
    Case("the account is being changed", USUAL, "", "blocked", state={"state": "ResolvingDNS"}, says="ResolvingDNS"),
)  # fmt: skip
