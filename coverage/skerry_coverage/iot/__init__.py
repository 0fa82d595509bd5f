"""IoT proof of coverage: building beacons and reports, judging them, density, shares, rewards, packet charging.

Everything here is pure: reports, registry, entropy and profile in, verdicts and amounts out. Rules are those of the
last deployed Helium verifier (reference sheet iot-poc, sections 1 to 4).
"""
