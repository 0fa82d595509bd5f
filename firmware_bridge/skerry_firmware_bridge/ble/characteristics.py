"""UUIDs of the Helium hotspot GATT service (serial-devices 2.8); the client and the emulator share them."""

from enum import Enum

__all__ = ["SERVICE_UUID", "Characteristic"]

SERVICE_UUID = "0fda92b2-44a2-4af2-84f5-fa682baa2b8d"


class Characteristic(Enum):
    """The characteristics by what they hold."""

    WIFI_SERVICES = "d7515033-7e7b-45be-803f-c8737b171a29"
    WIFI_CONFIGURED = "e125bda4-6fb8-11ea-bc55-0242ac130003"
    WIFI_SSID = "7731de63-bc6a-4100-8ab1-89b2356b038b"
    WIFI_CONNECT = "398168aa-0111-4ec0-b1fa-171671270608"
    WIFI_REMOVE = "8cc6e0b3-98c5-40cc-b1d8-692940e6994b"
    ETHERNET_ONLINE = "e5866bd6-0288-4476-98ca-ef7da6b4d289"
    MAC = "9c4314f2-8a0c-45fd-a58d-d4a7e64c3a57"
    PUBLIC_KEY = "0a852c59-50d3-4492-bfd3-22fe58a24f01"
    ONBOARDING_KEY = "d083b2bd-be16-4600-b397-61512ca2f5ad"
    ADD_GATEWAY = "df3b16ca-c985-4da2-a6d2-9b9b9abdb858"
    ASSERT_LOCATION = "d435f5de-01a4-4e7d-84ba-dfd347f60275"
    DIAGNOSTICS = "b833d34f-d871-422c-bf9e-8e6ec117d57e"
    LIGHTS = "180efdef-7579-4b4a-b2df-72733b7fa2fe"
    SOFTWARE_VERSION = "c0b64050-697d-463a-a33f-70c4825731f8"
    MANUFACTURER = "00002a29-0000-1000-8000-00805f9b34fb"
    FIRMWARE_REVISION = "00002a26-0000-1000-8000-00805f9b34fb"
    SERIAL_NUMBER = "00002a25-0000-1000-8000-00805f9b34fb"
