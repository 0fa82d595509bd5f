// gRPC calls by path, and a stream that can be read message by message.
const grpc = require("@grpc/grpc-js");

const same = (bytes) => bytes;

class Oracle {
  constructor(address) {
    this.client = new grpc.Client(address, grpc.credentials.createInsecure());
  }

  // Returns the response's bytes, or { code, reason } of a refusal.
  unary(path, request) {
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(path, same, same, Buffer.from(request), (error, response) =>
        resolve(error ? { code: grpc.status[error.code], reason: error.details } : response));
    });
  }

  stream(path) {
    return new Stream(this.client.makeBidiStreamRequest(path, same, same));
  }

  close() {
    this.client.close();
  }
}

class Stream {
  constructor(call) {
    this.call = call;
    this.messages = call[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => call.on("status", (status) =>
      resolve({ code: grpc.status[status.code], reason: status.details })));
    call.on("error", () => {}); // told by the status
  }

  send(message) {
    this.call.write(Buffer.from(message));
  }

  async read() {
    const { value, done } = await this.messages.next();
    if (done) throw new Error("the stream ended");
    return value;
  }

  // Says that nothing more comes; returns how the server ended the stream.
  async finish() {
    this.call.end();
    this.call.resume();
    return this.ended;
  }
}

module.exports = { Oracle };
