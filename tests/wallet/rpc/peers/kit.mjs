// Talks to `skerry chain serve` with @solana/kit; prints one JSON object.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const resolve = createRequire(`${process.env.NODE_PATH}/x.js`).resolve;
const kit = await import(pathToFileURL(resolve("@solana/kit")).href);

const url = process.argv[2];
const rpc = kit.createSolanaRpc(url);
const rpcSubscriptions = kit.createSolanaRpcSubscriptions(url.replace("http", "ws"));
const payer = await kit.generateKeyPairSigner();
await kit.airdropFactory({ rpc, rpcSubscriptions })({
  recipientAddress: payer.address, lamports: kit.lamports(1_000_000_000n), commitment: "confirmed",
});
const { value: latest } = await rpc.getLatestBlockhash().send();
const memo = {
  programAddress: kit.address("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"),
  data: new TextEncoder().encode("hello from kit"),
};
const message = kit.pipe(
  kit.createTransactionMessage({ version: 0 }),
  (m) => kit.setTransactionMessageFeePayerSigner(payer, m),
  (m) => kit.setTransactionMessageLifetimeUsingBlockhash(latest, m),
  (m) => kit.appendTransactionMessageInstruction(memo, m),
);
const signed = await kit.signTransactionMessageWithSigners(message);
await kit.sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions })(signed, { commitment: "confirmed" });
const { value: balance } = await rpc.getBalance(payer.address).send();
console.log(JSON.stringify({ balance: Number(balance) }));
process.exit(0);
