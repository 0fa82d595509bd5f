// Reads instruction data with Anchor's coder for the interfaces that @helium/idls publishes, and writes it again.
// stdin: [{"program": "data_credits", "data": hex}, ...]; stdout: for each the instruction's name in the interface, the
// data written again (null where it cannot be read), and its accounts as flags ("sw" = signer and writable).
const fs = require("node:fs");
const path = require("node:path");
const { BorshInstructionCoder } = require("@coral-xyz/anchor");
const ts = require("typescript");

const folder = path.join(process.env.NODE_PATH, "@helium/idls/lib/types");

// The package holds each interface as a TypeScript type made of literals.
function interfaceOf(program) {
  const text = fs.readFileSync(path.join(folder, `${program}.d.ts`), "utf8");
  const source = ts.createSourceFile("idl.d.ts", text, ts.ScriptTarget.Latest);
  return valueOf(source.statements.find(ts.isTypeAliasDeclaration).type);
}

function valueOf(node) {
  if (ts.isTypeLiteralNode(node)) return Object.fromEntries(node.members.map((m) => [m.name.text, valueOf(m.type)]));
  if (ts.isTupleTypeNode(node)) return node.elements.map(valueOf);
  const { literal } = node;
  if (ts.isStringLiteral(literal)) return literal.text;
  if (ts.isNumericLiteral(literal)) return Number(literal.text);
  return literal.kind === ts.SyntaxKind.TrueKeyword;
}

function read(coder, bytes) {
  try {
    return coder.decode(bytes);
  } catch {
    return null;
  }
}

const interfaces = new Map();

function answer({ program, data }) {
  if (!interfaces.has(program)) {
    const idl = interfaceOf(program);
    interfaces.set(program, { idl, coder: new BorshInstructionCoder(idl) });
  }
  const { idl, coder } = interfaces.get(program);
  const bytes = Buffer.from(data, "hex");
  const known = idl.instructions.find((one) => Buffer.from(one.discriminator).equals(bytes.subarray(0, 8)));
  if (!known) return { address: idl.address, name: null };
  const decoded = read(coder, bytes);
  const accounts = known.accounts.flatMap(function flat(one) {
    return one.accounts ? one.accounts.flatMap(flat) : [(one.signer ? "s" : "") + (one.writable ? "w" : "")];
  });
  const written = decoded && coder.encode(decoded.name, decoded.data).toString("hex");
  return { address: idl.address, name: known.name, data: written, accounts };
}

console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).map(answer)));
