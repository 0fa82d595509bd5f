"""What a person can do in the window: each a keyword-only function that returns an operation. Called by screens."""

from skerry_client import calls
from skerry_client.models import Device, Explanation, Job
from skerry_gui.link import AgentLink
from skerry_gui.operation import AgentOp

__all__ = [
    "REGIONS",
    "confirm_region",
    "explain_reward",
    "explain_witness",
    "look_at_job",
    "rename_device",
    "scan_devices",
]

REGIONS = (
    "EU868", "US915", "AU915", "AS923_1", "AS923_1B", "AS923_1C", "AS923_2", "AS923_3", "AS923_4", "IN865", "KR920",
    "CN470", "EU433",
)  # fmt: skip


def rename_device(*, link: AgentLink, device_id: str, name: str) -> AgentOp[Device]:
    """Give a device a name that people know it by."""
    return link.send(calls.change_device(device_id, name=name.strip()))


def confirm_region(*, link: AgentLink, device_id: str, region: str) -> AgentOp[Device]:
    """State as the owner in which region a radio stands; from then on it may transmit under that region's limits."""
    return link.send(calls.change_device(device_id, region=region))


def scan_devices(*, link: AgentLink) -> AgentOp[Job]:
    """Have the agent look what is attached to its computer."""
    return link.send(calls.start_job("device_scan"))


def look_at_job(*, link: AgentLink, job_id: str) -> AgentOp[Job]:
    """Ask how far a job is."""
    return link.send(calls.job(job_id))


def explain_witness(*, link: AgentLink, witness_id: str) -> AgentOp[Explanation]:
    """Ask why a witness report counted or not, rule by rule."""
    return link.send(calls.explain_witness(witness_id))


def explain_reward(*, link: AgentLink, reward_id: str) -> AgentOp[Explanation]:
    """Ask which frames earned a share."""
    return link.send(calls.explain_reward(reward_id))
