// A hotspot made of Helium's own JavaScript packages: talks to an oracle, prints one JSON object of what came back.
// usage: hotspot.cjs '{"oracle": address, "config_key": base58, "key_file": hex, "uplinks": [hex, hex], "payload": hex}'
const { helium } = require("@helium/proto");
const protobuf = require("protobufjs");
const { Oracle } = require("./calls.cjs");
const { readKeyFile, sessionKey, verify } = require("./keys.cjs");

// What @helium/proto 2.2.0 does not have yet: sessions. Messages inside others stand as bytes, which are encoded alike.
const { root } = protobuf.parse(`syntax = "proto3";
  message Offer { bytes nonce = 1; }
  message Init { bytes gateway = 1; bytes nonce = 2; bytes session_key = 3; bytes signature = 4; }
  message PocUp { bytes beacon = 1; bytes witness = 2; bytes init = 3; }
  message PocDown { bytes offer = 1; }
  message Register { uint64 timestamp = 1; bytes gateway = 2; bytes signature = 3; bool session_capable = 4; }
  message RouterUp { bytes register = 1; bytes packet = 2; bytes init = 3; }
  message RouterDown { bytes packet = 1; bytes offer = 2; }`);
const [Offer, Init, PocUp, PocDown, Register, RouterUp, RouterDown] =
  ["Offer", "Init", "PocUp", "PocDown", "Register", "RouterUp", "RouterDown"].map((name) => root.lookupType(name));

const EU868 = helium.region.EU868;
const STREAM = "/helium.poc_lora.poc_lora/stream_requests";
const ROUTE = "/helium.packet_router.packet/route";
const refused = (answer) => (Buffer.isBuffer(answer) ? "accepted" : `${answer.code} ${answer.reason}`);

// Encodes with the signature over the encoding without it.
async function signed(type, fields, signer) {
  const signature = await signer.sign(type.encode(type.create(fields)).finish());
  return type.encode(type.create({ ...fields, signature })).finish();
}

async function entropy(oracle) {
  const { entropy_req_v1: request } = helium.poc_entropy;
  return helium.entropy_report_v1.decode(
    await oracle.unary("/helium.poc_entropy.poc_entropy/entropy", request.encode({}).finish()));
}

async function regionParams(oracle, gateway, configKey, signer = gateway) {
  const { gateway_region_params_req_v1: Request, gateway_region_params_res_v1: Response } = helium.iot_config;
  const answer = await oracle.unary("/helium.iot_config.gateway/region_params",
    await signed(Request, { region: EU868, address: gateway.binary }, signer));
  if (!Buffer.isBuffer(answer)) return refused(answer);
  const response = Response.decode(answer);
  const message = Response.create(response);
  delete message.signature;
  const isSigned = () => verify(configKey, Response.encode(message).finish(), response.signature);
  const genuine = await isSigned();
  message.gain = response.gain.add(1);
  return {
    region: response.region,
    channels: response.params.regionParams.map((channel) => Number(channel.channelFrequency)),
    gain: Number(response.gain),
    signed: genuine,
    signedAfterAChange: await isSigned(),
  };
}

// The data rate is SF12BW125, 0: protobufjs would write the zero, which proto3's signed form leaves out.
const beacon = (gateway, remote, payload) => ({
  pubKey: gateway.binary, localEntropy: Buffer.from("0badcafe", "hex"), remoteEntropy: remote.data, data: payload,
  frequency: 868100000, txPower: 14, timestamp: Date.now() * 1e6, tmst: 7,
});
const witness = (gateway, payload) => ({
  pubKey: gateway.binary, data: payload, timestamp: Date.now() * 1e6, tmst: 9, signal: -1012, snr: -55,
  frequency: 868100000, datarate: helium.data_rate.SF9BW125,
});

// Opens an ingest session; `change` may spoil the session_init.
async function pocSession(oracle, gateway, change = {}) {
  const stream = oracle.stream(STREAM);
  const { nonce } = Offer.decode(PocDown.decode(await stream.read()).offer);
  const session = await sessionKey();
  const fields = { gateway: gateway.binary, nonce, sessionKey: session.binary, ...change };
  stream.send(PocUp.encode({ init: await signed(Init, fields, gateway) }).finish());
  return { stream, session };
}

async function ingest(oracle, gateway, remote, payload) {
  const { lora_beacon_report_req_v1: Beacon, lora_witness_report_req_v1: Witness } = helium.poc_lora;
  const single = await oracle.unary("/helium.poc_lora.poc_lora/submit_lora_beacon",
    await signed(Beacon, beacon(gateway, remote, payload), gateway));
  const good = await pocSession(oracle, gateway);
  const second = Buffer.from(payload).fill(1, 0, 4);
  good.stream.send(PocUp.encode({ beacon: await signed(Beacon, beacon(gateway, remote, second), good.session) }).finish());
  good.stream.send(PocUp.encode({ witness: await signed(Witness, witness(gateway, payload), good.session) }).finish());
  const wrongNonce = await pocSession(oracle, gateway, { nonce: Buffer.alloc(32, 7) });
  const wrongKey = await pocSession(oracle, gateway);
  wrongKey.stream.send(PocUp.encode({ witness: await signed(Witness, witness(gateway, payload), gateway) }).finish());
  return {
    single: Number(helium.poc_lora.lora_beacon_report_resp_v1.decode(single).id),
    session: refused(await good.stream.finish()),
    wrongNonce: refused(await wrongNonce.stream.ended),
    gatewayKeyInSession: refused(await wrongKey.stream.ended),
  };
}

const uplink = (gateway, payload) => ({
  payload, timestamp: 1000007, rssi: -91, frequency: 868100000, datarate: helium.data_rate.SF9BW125, snr: 7.5,
  region: EU868, holdTime: 3, gateway: gateway.binary,
});

// Registers, opens a session if `capable`, sends one uplink and waits for its downlink.
async function route(oracle, gateway, payload, { capable }) {
  const { packet_router_packet_up_v1: Up, packet_router_packet_down_v1: Down } = helium.packet_router;
  const stream = oracle.stream(ROUTE);
  const register = { timestamp: Date.now(), gateway: gateway.binary, ...(capable && { sessionCapable: true }) };
  stream.send(RouterUp.encode({ register: await signed(Register, register, gateway) }).finish());
  let signer = gateway;
  if (capable) {
    const { nonce } = Offer.decode(RouterDown.decode(await stream.read()).offer);
    signer = await sessionKey();
    const init = await signed(Init, { gateway: gateway.binary, nonce, sessionKey: signer.binary }, gateway);
    stream.send(RouterUp.encode({ init }).finish());
  }
  stream.send(RouterUp.encode({ packet: await signed(Up, uplink(gateway, payload), signer) }).finish());
  const down = Down.decode(RouterDown.decode(await stream.read()).packet);
  const end = refused(await stream.finish());
  return { payload: Buffer.from(down.payload).toString("hex"), tmst: Number(down.rx1.timestamp), end };
}

async function main({ oracle: address, config_key: configKey, key_file: keyFile, uplinks, payload }) {
  const oracle = new Oracle(address);
  const gateway = await readKeyFile(Buffer.from(keyFile, "hex"));
  const remote = await entropy(oracle);
  const result = {
    gateway: gateway.address,
    entropy: { bytes: remote.data.length, ageS: Math.abs(Date.now() / 1000 - Number(remote.timestamp)), version: remote.version },
    region: await regionParams(oracle, gateway, configKey),
    forgedRegion: await regionParams(oracle, gateway, configKey, await sessionKey()),
    ingest: await ingest(oracle, gateway, remote, Buffer.from(payload, "hex")),
    routed: await route(oracle, gateway, Buffer.from(uplinks[0], "hex"), { capable: true }),
    routedWithoutSession: await route(oracle, gateway, Buffer.from(uplinks[1], "hex"), { capable: false }),
  };
  oracle.close();
  console.log(JSON.stringify(result));
}

main(JSON.parse(process.argv[2])).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
