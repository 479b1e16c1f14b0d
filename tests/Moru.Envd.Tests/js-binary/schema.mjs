// The part of envd's protobuf files that the tests call, as its documentation gives it: number, name, type.
import { createFileRegistry, fromJson, toJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, file_google_protobuf_timestamp } from "@bufbuild/protobuf/wkt";

const message = (name, ...fields) => ({ name, ...members(fields) });

function members(fields) {
  const oneofs = [];
  const field = fields.map((text) => {
    const [number, name, type, rule] = text.split(" ");
    const made = { name, jsonName: name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), number: Number(number), label: rule === "repeated" ? "LABEL_REPEATED" : "LABEL_OPTIONAL" };
    if (type.startsWith(".")) Object.assign(made, { type: type.endsWith("Type") || type.endsWith("Signal") ? "TYPE_ENUM" : "TYPE_MESSAGE", typeName: type });
    else made.type = `TYPE_${type.toUpperCase()}`;
    if (rule?.startsWith("oneof=")) made.oneofIndex = index(oneofs, rule.slice(6));
    if (rule === "optional") Object.assign(made, { proto3Optional: true, optional: name });
    return made;
  });
  // The oneofs that stand for optional fields come after the real ones.
  for (const made of field.filter((one) => one.optional)) {
    made.oneofIndex = index(oneofs, `_${made.optional}`);
    delete made.optional;
  }
  return { field, oneofDecl: oneofs.map((name) => ({ name })) };
}

function index(oneofs, name) {
  if (!oneofs.includes(name)) oneofs.push(name);
  return oneofs.indexOf(name);
}

const method = (name, input, output, rest) => ({ name, inputType: input, outputType: output, ...rest });
const streams = { serverStreaming: true };

const process = {
  name: "process/process.proto", package: "process", syntax: "proto3",
  messageType: [
    message("Size", "1 cols uint32", "2 rows uint32"),
    message("PTY", "1 size .process.Size"),
    {
      ...message("ProcessConfig", "1 cmd string", "2 args string repeated", "3 envs .process.ProcessConfig.EnvsEntry repeated", "4 cwd string optional"),
      nestedType: [{ ...message("EnvsEntry", "1 key string", "2 value string"), options: { mapEntry: true } }],
    },
    message("ListRequest"),
    message("ProcessInfo", "1 config .process.ProcessConfig", "2 pid uint32", "3 tag string optional"),
    message("ListResponse", "1 processes .process.ProcessInfo repeated"),
    message("StartRequest", "1 process .process.ProcessConfig", "2 pty .process.PTY optional", "3 tag string optional", "4 stdin bool optional"),
    message("StartEvent", "1 pid uint32"),
    message("DataEvent", "1 stdout bytes oneof=output", "2 stderr bytes oneof=output", "3 pty bytes oneof=output"),
    message("EndEvent", "1 exit_code sint32", "2 exited bool", "3 status string", "4 error string optional"),
    message("KeepAlive"),
    message("ProcessEvent", "1 start .process.StartEvent oneof=event", "2 data .process.DataEvent oneof=event",
      "3 end .process.EndEvent oneof=event", "4 keepalive .process.KeepAlive oneof=event"),
    message("StartResponse", "1 event .process.ProcessEvent"),
    message("ProcessSelector", "1 pid uint32 oneof=selector", "2 tag string oneof=selector"),
    message("SendSignalRequest", "1 process .process.ProcessSelector", "2 signal .process.Signal"),
    message("SendSignalResponse"),
  ],
  enumType: [{ name: "Signal", value: [["SIGNAL_UNSPECIFIED", 0], ["SIGNAL_SIGTERM", 15], ["SIGNAL_SIGKILL", 9]].map(([name, number]) => ({ name, number })) }],
  service: [{
    name: "Process",
    method: [
      method("List", ".process.ListRequest", ".process.ListResponse"),
      method("Start", ".process.StartRequest", ".process.StartResponse", streams),
      method("SendSignal", ".process.SendSignalRequest", ".process.SendSignalResponse"),
    ],
  }],
};

const filesystem = {
  name: "filesystem/filesystem.proto", package: "filesystem", syntax: "proto3", dependency: ["google/protobuf/timestamp.proto"],
  messageType: [
    message("EntryInfo", "1 name string", "2 type .filesystem.FileType", "3 path string", "4 size int64", "5 mode uint32", "6 permissions string",
      "7 owner string", "8 group string", "9 modified_time .google.protobuf.Timestamp", "10 symlink_target string optional"),
    message("ListDirRequest", "1 path string", "2 depth uint32"),
    message("ListDirResponse", "1 entries .filesystem.EntryInfo repeated"),
  ],
  enumType: [{ name: "FileType", value: ["UNSPECIFIED", "FILE", "DIRECTORY"].map((name, number) => ({ name: `FILE_TYPE_${name}`, number })) }],
  service: [{ name: "Filesystem", method: [method("ListDir", ".filesystem.ListDirRequest", ".filesystem.ListDirResponse")] }],
};

const timestamp = toJson(FileDescriptorProtoSchema, file_google_protobuf_timestamp.proto);

export const registry = createFileRegistry(fromJson(FileDescriptorSetSchema, { file: [timestamp, process, filesystem] }));
