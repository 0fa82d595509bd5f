"""The one table of settings: CLI, documentation, sample file and desktop program all read it.

To add a setting, declare it here; a test fails until the documentation is generated anew.
"""

from typing import Any

from skerry_agent.settings.setting import Setting, choice, flag, integer, text, texts

__all__ = [
    "ALERTS_DEADMAN",
    "ALERTS_DESKTOP",
    "ALERTS_MAIL_FROM",
    "ALERTS_MAIL_PASSWORD_FILE",
    "ALERTS_MAIL_SERVER",
    "ALERTS_MAIL_TO",
    "ALERTS_NTFY",
    "ALERTS_QUIET_HOURS",
    "ALERTS_SECRET_FILE",
    "ALERTS_SILENT_HOURS",
    "ALERTS_WEBHOOK",
    "ALLOWED_HOSTS",
    "ANTENNA_GAIN_DDBI",
    "API_HOST",
    "API_MDNS",
    "API_PORT",
    "API_SOCKET",
    "API_TLS_CERTIFICATE",
    "API_TLS_KEY",
    "BEACON_INTERVAL_S",
    "CLUSTER",
    "CLUSTER_SECOND",
    "DEVICES_ATTACHED",
    "FORWARD_GWMP",
    "FORWARD_HTTP",
    "FORWARD_HTTP_SECRET_FILE",
    "GATEWAY_KEY",
    "GWMP_GATEWAYS",
    "GWMP_LISTEN",
    "LOCATION_CELL",
    "LOCATION_ELEVATION_M",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "METRICS_OPEN",
    "MQTT_BROKER",
    "MQTT_CA_FILE",
    "MQTT_HOME_ASSISTANT",
    "MQTT_INTERVAL_S",
    "MQTT_PASSWORD_FILE",
    "MQTT_TOPIC",
    "MQTT_USER",
    "OPERATOR_CONFIG",
    "OPERATOR_ENTROPY",
    "OPERATOR_INGEST",
    "OPERATOR_KEY",
    "OPERATOR_PROFILE",
    "OPERATOR_ROUTER",
    "OWNER",
    "RADIO_HARDWARE_RESET",
    "REGION",
    "RETENTION_AUDIT_DAYS",
    "RETENTION_PACKETS",
    "RETENTION_PACKETS_DAYS",
    "SERIAL_RADIOS",
    "SETTINGS",
    "STATION_LISTEN",
    "STREAM_CLIENTS",
    "TIME_TRUSTED",
]

REGIONS = (
    "", "US915", "EU868", "EU433", "CN470", "AU915", "AS923_1", "AS923_1B", "AS923_1C", "AS923_2", "AS923_3",
    "AS923_4", "KR920", "IN865",
)  # fmt: skip

OWNER = text("hotspot.owner", "", "Wallet address of the hotspot's owner.")
GATEWAY_KEY = text("hotspot.key", "", "Gateway key file; empty means keys/gateway.key in the state folder.")
REGION = choice("hotspot.region", "", REGIONS, "Region confirmed by the owner; nothing is transmitted without it.")
LOCATION_CELL = text("hotspot.location", "", "Asserted location as an H3 cell of resolution 12, in hex.")
LOCATION_ELEVATION_M = integer(
    "hotspot.elevation_m", 0, "Height of the antenna above ground in metres.", low=-500, high=9000
)
ANTENNA_GAIN_DDBI = integer(
    "hotspot.antenna_gain_ddbi", 12, "Antenna gain in tenths of dBi (12 is 1.2 dBi).", low=-300, high=300
)

GWMP_LISTEN = text(
    "gwmp.listen", "127.0.0.1:1680", "Address for packet forwarders that speak Semtech UDP; empty switches it off."
)
GWMP_GATEWAYS = texts(
    "gwmp.gateways", (), "Gateways allowed beyond loopback, each as EUI@address; others are refused and reported."
)
STATION_LISTEN = text(
    "station.listen",
    "",
    "Address for gateways that speak LoRa Basics Station, such as 127.0.0.1:3001; empty switches it off. They are told "
    "the channels of hotspot.region; beyond loopback gwmp.gateways names them too.",
)
FORWARD_GWMP = texts(
    "forward.gwmp",
    (),
    "Further networks that get the uplinks by Semtech UDP, each as "
    "HOST:PORT[?devaddr=26000000/7&netid=00003C&downlink=yes]. "
    "Register there the gateway EUI that `skerry key show` prints.",
)
FORWARD_HTTP = texts(
    "forward.http",
    (),
    "Further servers that get the uplinks as JSON by POST, each as URL[#devaddr=26000000/7&netid=00003C&joineui=...].",
)
FORWARD_HTTP_SECRET_FILE = text(
    "forward.http_secret_file", "", "File whose content signs what goes to forward.http (HMAC-SHA256)."
)
SERIAL_RADIOS = texts(
    "serial.radios",
    (),
    "Serial LoRa radios, each as KIND:PORT such as wio-e5:/dev/ttyUSB0; gwmp-serial:/dev/ttyACM0 for a gateway that "
    "speaks GWMP over serial.",
)
RADIO_HARDWARE_RESET = texts(
    "radio.hardware_reset",
    (),
    "How a deaf radio's hardware may be reset, each as MEANS@DEVICE: dtr-low, dtr-high, rts-low, rts-high, usb, "
    "gpio:CHIP:LINE, gpio-low:CHIP:LINE or command:PROGRAM. Nothing is reset that is not named here.",
)

DEVICES_ATTACHED = texts(
    "devices.attached", (), "Modems and meters, each as KIND:URL such as modem:/dev/ttyUSB2; see skerry devices scan."
)

OPERATOR_PROFILE = text("operator.profile", "skerry-open", "Network profile: a shipped name or the path of a file.")
OPERATOR_KEY = text("operator.key", "", "Public key of the operator's oracle; empty means that no operator is set.")
OPERATOR_INGEST = text("operator.ingest", "", "Address of the operator's report service, such as http://host:9081.")
OPERATOR_ENTROPY = text("operator.entropy", "", "Address of the operator's entropy service.")
OPERATOR_CONFIG = text("operator.config", "", "Address of the operator's configuration service.")
OPERATOR_ROUTER = text("operator.router", "", "Address of the operator's packet router.")
BEACON_INTERVAL_S = integer(
    "beacon.interval_s", 21_600, "Seconds between beacons; 0 sends none.", low=0, high=31_536_000
)
CLUSTER = text("chain.cluster", "embedded", "Solana cluster: embedded, or the address of a JSON-RPC server.")
CLUSTER_SECOND = text(
    "chain.second", "", "Another JSON-RPC server of the same chain; a payment is final only when both say so."
)

API_HOST = text("api.host", "127.0.0.1", "Address the API listens on; beyond loopback it demands TLS and a token.")
API_PORT = integer("api.port", 8474, "Port of the API; 0 takes any free one.", low=0, high=65_535)
API_SOCKET = flag("api.socket", True, "Serve the API on a Unix socket in the runtime folder too.")
API_MDNS = flag("api.mdns", True, "Announce the agent as _skerry._tcp.local when the API is open to the network.")
API_TLS_CERTIFICATE = text(
    "api.tls_certificate", "", "Certificate file (PEM) for the API, or own for one that the agent makes."
)
API_TLS_KEY = text("api.tls_key", "", "Private key file (PEM) for the API's certificate.")
ALLOWED_HOSTS = texts("api.allowed_hosts", (), "Further names by which clients may address the API.")
METRICS_OPEN = flag("api.metrics_open", False, "Serve /metrics without a token.")
STREAM_CLIENTS = integer("api.stream_clients", 32, "Most clients of the event stream at one time.", low=1, high=1000)

RETENTION_PACKETS_DAYS = integer("retention.packets_days", 7, "Days that received frames are kept.", low=1, high=3650)
RETENTION_PACKETS = integer("retention.packets_max", 100_000, "Most received frames kept.", low=100, high=100_000_000)
RETENTION_AUDIT_DAYS = integer("retention.audit_days", 400, "Days that audit lines are kept.", low=1, high=36_500)

TIME_TRUSTED = flag(
    "time.trusted", False, "Sign with the computer's clock even where the kernel does not say that it is synchronised."
)

ALERTS_WEBHOOK = text("alerts.webhook", "", "Address that gets each alert as JSON by POST.")
ALERTS_SECRET_FILE = text("alerts.secret_file", "", "File whose content signs the webhook (HMAC-SHA256).")
ALERTS_NTFY = text("alerts.ntfy", "", "Address of an ntfy topic that gets each alert.")
ALERTS_MAIL_SERVER = text(
    "alerts.mail_server", "", "Mail server as HOST:PORT; 465 is TLS at once, others must offer STARTTLS."
)
ALERTS_MAIL_FROM = text(
    "alerts.mail_from", "", "Sender's address, and the name to log in with where a password is set."
)
ALERTS_MAIL_TO = texts("alerts.mail_to", (), "Addresses that get each alert by e-mail.")
ALERTS_MAIL_PASSWORD_FILE = text("alerts.mail_password_file", "", "File with the mail server's password.")
ALERTS_SILENT_HOURS = integer(
    "alerts.silent_hours", 6, "Hours without any frame before an alert; 0 switches it off.", low=0, high=8760
)
ALERTS_DEADMAN = text("alerts.deadman", "", "Address fetched every five minutes while the agent works.")
ALERTS_DESKTOP = flag(
    "alerts.desktop", True, "Show each alert on the desktop of the user who runs the agent, where there is one."
)
ALERTS_QUIET_HOURS = text(
    "alerts.quiet_hours", "", "Hours without alerts in the computer's time zone, such as 22:00-07:00."
)

MQTT_BROKER = text(
    "mqtt.broker",
    "",
    "MQTT broker that gets the agent's state and alerts, as mqtt://HOST:1883 or with TLS mqtts://HOST:8883; "
    "empty switches it off.",
)
MQTT_USER = text("mqtt.user", "", "Name to log in with at the MQTT broker.")
MQTT_PASSWORD_FILE = text("mqtt.password_file", "", "File with the MQTT broker's password.")
MQTT_CA_FILE = text(
    "mqtt.ca_file", "", "Certificates (PEM) that vouch for the MQTT broker; empty means those of the system."
)
MQTT_TOPIC = text("mqtt.topic", "skerry", "MQTT topic below which everything of the agent is published.")
MQTT_HOME_ASSISTANT = text(
    "mqtt.home_assistant",
    "homeassistant",
    "Prefix of Home Assistant's discovery topics on the MQTT broker; empty announces nothing.",
)
MQTT_INTERVAL_S = integer(
    "mqtt.interval_s", 60, "Seconds between states on MQTT; a changed verdict is told at once.", low=10, high=3600
)

LOG_LEVEL = choice("log.level", "info", ("debug", "info", "warning", "error"), "Least important messages logged.")
LOG_FORMAT = choice(
    "log.format", "auto", ("auto", "text", "json"), "Log lines as key=value text or JSON; auto is text."
)

SETTINGS: tuple[Setting[Any], ...] = tuple(value for value in list(globals().values()) if isinstance(value, Setting))
