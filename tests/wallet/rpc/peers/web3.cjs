// Talks to `skerry chain serve` with @solana/web3.js 1 and @solana/spl-token; prints one JSON object.
const web3 = require("@solana/web3.js");
const spl = require("@solana/spl-token");

async function main(url) {
  const connection = new web3.Connection(url, "confirmed");
  const payer = web3.Keypair.generate();
  const airdrop = await connection.requestAirdrop(payer.publicKey, 2 * web3.LAMPORTS_PER_SOL);
  await connection.confirmTransaction({ signature: airdrop, ...(await connection.getLatestBlockhash()) });

  const target = web3.Keypair.generate().publicKey;
  const transfer = new web3.Transaction().add(
    web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: target, lamports: 1_000_000 }),
  );
  const signature = await web3.sendAndConfirmTransaction(connection, transfer, [payer]);
  const fetched = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });

  const mint = await spl.createMint(connection, payer, payer.publicKey, null, 6);
  const account = await spl.getOrCreateAssociatedTokenAccount(connection, payer, mint, payer.publicKey);
  await spl.mintTo(connection, payer, mint, account.address, payer, 5_000_000);
  const parsed = await connection.getParsedTokenAccountsByOwner(payer.publicKey, { mint });
  const balance = await connection.getTokenAccountBalance(account.address);

  const message = new web3.TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: (await connection.getLatestBlockhash()).blockhash,
    instructions: [web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: target, lamports: 5 })],
  }).compileToV0Message();
  const versioned = new web3.VersionedTransaction(message);
  versioned.sign([payer]);
  const fee = await connection.getFeeForMessage(message);
  const preview = await connection.simulateTransaction(versioned);
  const second = await connection.sendTransaction(versioned);
  await connection.confirmTransaction({ signature: second, ...(await connection.getLatestBlockhash()) });

  let refusal = "";
  try {
    const tooMuch = web3.SystemProgram.transfer({
      fromPubkey: payer.publicKey, toPubkey: target, lamports: 10 ** 15,
    });
    await web3.sendAndConfirmTransaction(connection, new web3.Transaction().add(tooMuch), [payer]);
  } catch (error) {
    refusal = error.constructor.name;
  }
  return {
    target: await connection.getBalance(target),
    fetched_fee: fetched.meta.fee,
    balance: balance.value.uiAmountString,
    parsed: parsed.value[0].account.data.parsed.info.tokenAmount.amount,
    fee: fee.value,
    preview_error: preview.value.err,
    refusal,
    supply: (await connection.getTokenSupply(mint)).value.amount,
  };
}

main(process.argv[2])
  .then((result) => { console.log(JSON.stringify(result)); process.exit(0); })
  .catch((error) => { console.error(error); process.exit(1); });
