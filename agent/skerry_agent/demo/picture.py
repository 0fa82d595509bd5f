"""The map of the demo: who heard whom, and which of it counted."""

from collections import Counter

from skerry_agent.demo.plan import Fraud
from skerry_agent.demo.world import NETWORK, World
from skerry_coverage.picture.model import LinkVerdict, MapHotspot, MapPicture, WitnessLink
from skerry_coverage.picture.render import render_png
from skerry_keys.public_key import PublicKey
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_oracle.store.verdicts import VerdictRow

__all__ = ["draw_map"]


async def draw_map(world: World) -> bytes:
    """Return the PNG picture of the whole demo."""
    hotspots = tuple(
        MapHotspot(
            name=PublicKey.from_binary(hotspot.gateway.public_key).animal_name,
            cell=int(hotspot.cell, 16),
            admitted=hotspot.fraud is not Fraud.NOT_ADMITTED,
        )
        for hotspot in world.plan.hotspots
    )
    title = f"{NETWORK}: {len(hotspots)} hotspots, seed {world.plan.seed}"
    picture = MapPicture(
        title=title, note="Simulated hotspots, test tokens that are worth nothing.", hotspots=hotspots,
        links=await _links(world),
    )  # fmt: skip
    return render_png(picture)


async def _links(world: World) -> tuple[WitnessLink, ...]:
    """Return a link for every pair of hotspots and every way in which its reports were judged, best drawn last."""
    place = {hotspot.gateway.public_key: hotspot.number for hotspot in world.plan.hotspots}
    reports: Counter[tuple[int, int, LinkVerdict, str | None]] = Counter()
    for epoch in await world.house.oracle.epochs.all():
        verdicts = await world.house.oracle.verdicts.of_epoch(epoch.epoch)
        beaconers = {verdict.poc_id: verdict.gateway for verdict in verdicts if verdict.kind == BEACON}
        for verdict in verdicts:
            beaconer = beaconers.get(verdict.poc_id)
            if verdict.kind == WITNESS and beaconer is not None:
                reports[place[beaconer], place[verdict.gateway], *_verdict(verdict)] += 1
    links = [
        WitnessLink(beaconer=beaconer, witness=witness, verdict=verdict, reason=reason, reports=count)
        for (beaconer, witness, verdict, reason), count in reports.items()
    ]
    return tuple(sorted(links, key=lambda link: (_ORDER[link.verdict], link.beaconer, link.witness, str(link.reason))))


_ORDER = {LinkVerdict.INVALID: 0, LinkVerdict.SURPLUS: 1, LinkVerdict.VALID: 2}


def _verdict(verdict: VerdictRow) -> tuple[LinkVerdict, str | None]:
    if not verdict.valid:
        return LinkVerdict.INVALID, verdict.reason
    return (LinkVerdict.VALID if verdict.selected else LinkVerdict.SURPLUS), None
