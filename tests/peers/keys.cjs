// Gateway keys as key files hold them: Ed25519 through @helium/crypto, ECC-compact through node's own crypto.
const crypto = require("node:crypto");
const { default: Address, KeyTypes, NetTypes } = require("@helium/address");
const { Keypair, utils } = require("@helium/crypto");

const P256_P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;

// The tag's low four bits are the key type.
async function readKeyFile(bytes) {
  const type = bytes[0] & 0x0f;
  if (type === KeyTypes.ED25519_KEY_TYPE) return ed25519(await Keypair.fromEntropy(bytes.subarray(1, 33)));
  if (type === KeyTypes.ECC_COMPACT_KEY_TYPE) return eccCompact(bytes.subarray(1, 33));
  throw new Error(`key type ${type}`);
}

function ed25519(pair) {
  return { binary: pair.address.bin, address: pair.address.b58, sign: (message) => pair.sign(message) };
}

// Only X is kept; Y must be the smaller of its two values.
function eccCompact(secret) {
  const curve = crypto.createECDH("prime256v1");
  curve.setPrivateKey(secret);
  const [x, y] = [curve.getPublicKey().subarray(1, 33), curve.getPublicKey().subarray(33)];
  if (BigInt(`0x${y.toString("hex")}`) * 2n > P256_P) throw new Error("this key has no compact form");
  const [d, jwkX, jwkY] = [secret, x, y].map((part) => part.toString("base64url"));
  const key = crypto.createPrivateKey({ format: "jwk", key: { kty: "EC", crv: "P-256", d, x: jwkX, y: jwkY } });
  const address = new Address(0, NetTypes.MAINNET, KeyTypes.ECC_COMPACT_KEY_TYPE, x);
  return { binary: address.bin, address: address.b58, sign: async (message) => crypto.sign("sha256", message, key) };
}

const sessionKey = async () => ed25519(await Keypair.makeRandom());

// Only for oracle keys, which are Ed25519.
const verify = (address, message, signature) => utils.verify(signature, message, Address.fromB58(address).publicKey);

module.exports = { readKeyFile, sessionKey, verify };
