// node call.mjs <address> <service> <method> <request>: calls envd in protobuf's binary form and prints the answers as JSON.
import { fromJson, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { registry } from "./schema.mjs";

const [address, serviceName, methodName, request] = process.argv.slice(2);
const service = registry.getService(serviceName);
const method = service.methods.find((candidate) => candidate.name === methodName);
const client = createClient(service, createConnectTransport({ baseUrl: address, httpVersion: "1.1", useBinaryFormat: true }));
const input = fromJson(method.input, JSON.parse(request));
const headers = { Authorization: `Basic ${Buffer.from("root:").toString("base64")}` };

const answers = [];
try {
  if (method.methodKind === "server_streaming") {
    for await (const answer of client[method.localName](input, { headers })) answers.push(toJson(method.output, answer));
  } else {
    answers.push(toJson(method.output, await client[method.localName](input, { headers })));
  }
} catch (error) {
  const failure = ConnectError.from(error);
  answers.push({ code: Code[failure.code], message: failure.rawMessage });
}
console.log(JSON.stringify(answers));
