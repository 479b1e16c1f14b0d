using static Moru.Protocol.ProtobufMessage;

namespace Moru.Protocol;

/// <summary>
/// The messages of envd's two services with their field numbers, as facts of the protocol. None contains itself, which bounds how deep a message can go.
/// </summary>
internal static class EnvdSchema
{
    private static readonly ProtobufEnum Signals = new(("SIGNAL_UNSPECIFIED", 0), ("SIGNAL_SIGKILL", 9), ("SIGNAL_SIGTERM", 15));

    private static readonly ProtobufEnum FileTypes = new(("FILE_TYPE_UNSPECIFIED", 0), ("FILE_TYPE_FILE", 1), ("FILE_TYPE_DIRECTORY", 2));

    private static readonly ProtobufEnum EventTypes = new(
        ("EVENT_TYPE_UNSPECIFIED", 0), ("EVENT_TYPE_CREATE", 1), ("EVENT_TYPE_WRITE", 2),
        ("EVENT_TYPE_REMOVE", 3), ("EVENT_TYPE_RENAME", 4), ("EVENT_TYPE_CHMOD", 5));

    private static readonly ProtobufMessage Nothing = new("google.protobuf.Empty");

    private static readonly ProtobufMessage ProcessConfig = new(
        "process.ProcessConfig", Text(1, "cmd"), Text(2, "args").Repeated(), Map(3, "envs"), Text(4, "cwd").Optional());

    private static readonly ProtobufMessage Pty = new(
        "process.PTY", Message(1, "size", new("process.PTY.Size", UInt32(1, "cols"), UInt32(2, "rows"))));

    private static readonly ProtobufMessage Selector = new("process.ProcessSelector", OneOf("selector", UInt32(1, "pid"), Text(2, "tag")));

    private static readonly ProtobufMessage Input = new("process.ProcessInput", OneOf("input", Bytes(1, "stdin"), Bytes(2, "pty")));

    private static readonly ProtobufMessage ProcessEvent = new("process.ProcessEvent", OneOf(
        "event",
        Message(1, "start", new("process.ProcessEvent.StartEvent", UInt32(1, "pid"))),
        Message(2, "data", new("process.ProcessEvent.DataEvent", OneOf("output", Bytes(1, "stdout"), Bytes(2, "stderr"), Bytes(3, "pty")))),
        Message(3, "end", new(
            "process.ProcessEvent.EndEvent", SInt32(1, "exit_code"), Bool(2, "exited"), Text(3, "status"), Text(4, "error").Optional())),
        Message(4, "keepalive", Nothing)));

    private static readonly ProtobufMessage ProcessInfo = new(
        "process.ProcessInfo", Message(1, "config", ProcessConfig), UInt32(2, "pid"), Text(3, "tag").Optional());

    private static readonly ProtobufMessage EntryInfo = new(
        "filesystem.EntryInfo",
        Text(1, "name"), Enum(2, "type", FileTypes), Text(3, "path"), Int64(4, "size"), UInt32(5, "mode"), Text(6, "permissions"),
        Text(7, "owner"), Text(8, "group"), Timestamp(9, "modified_time"), Text(10, "symlink_target").Optional());

    private static readonly ProtobufMessage FilesystemEvent = new("filesystem.FilesystemEvent", Text(1, "name"), Enum(2, "type", EventTypes));

    /// <summary>The messages that calls begin and end with, by the records that stand for them.</summary>
    public static IReadOnlyDictionary<Type, ProtobufMessage> Messages { get; } = new Dictionary<Type, ProtobufMessage>
    {
        [typeof(Empty)] = Nothing,

        [typeof(StartRequest)] = new(
            "process.StartRequest",
            Message(1, "process", ProcessConfig), Message(2, "pty", Pty), Text(3, "tag").Optional(), Bool(4, "stdin").Optional()),
        [typeof(StartResponse)] = new("process.StartResponse", Message(1, "event", ProcessEvent)),
        [typeof(ConnectRequest)] = new("process.ConnectRequest", Message(1, "process", Selector)),
        [typeof(ConnectResponse)] = new("process.ConnectResponse", Message(1, "event", ProcessEvent)),
        [typeof(ListProcessesResponse)] = new("process.ListResponse", Message(1, "processes", ProcessInfo).Repeated()),
        [typeof(UpdateRequest)] = new("process.UpdateRequest", Message(1, "process", Selector), Message(2, "pty", Pty)),
        [typeof(SendInputRequest)] = new("process.SendInputRequest", Message(1, "process", Selector), Message(2, "input", Input)),
        [typeof(StreamInputRequest)] = new("process.StreamInputRequest", OneOf(
            "event",
            Message(1, "start", new("process.StreamInputRequest.StartEvent", Message(1, "process", Selector))),
            Message(2, "data", new("process.StreamInputRequest.DataEvent", Message(2, "input", Input))),
            Message(3, "keepalive", Nothing))),
        [typeof(SendSignalRequest)] = new("process.SendSignalRequest", Message(1, "process", Selector), Enum(2, "signal", Signals)),

        [typeof(StatRequest)] = new("filesystem.StatRequest", Text(1, "path")),
        [typeof(StatResponse)] = new("filesystem.StatResponse", Message(1, "entry", EntryInfo)),
        [typeof(MakeDirRequest)] = new("filesystem.MakeDirRequest", Text(1, "path")),
        [typeof(MakeDirResponse)] = new("filesystem.MakeDirResponse", Message(1, "entry", EntryInfo)),
        [typeof(MoveRequest)] = new("filesystem.MoveRequest", Text(1, "source"), Text(2, "destination")),
        [typeof(MoveResponse)] = new("filesystem.MoveResponse", Message(1, "entry", EntryInfo)),
        [typeof(ListDirRequest)] = new("filesystem.ListDirRequest", Text(1, "path"), UInt32(2, "depth")),
        [typeof(ListDirResponse)] = new("filesystem.ListDirResponse", Message(1, "entries", EntryInfo).Repeated()),
        [typeof(RemoveRequest)] = new("filesystem.RemoveRequest", Text(1, "path")),

        [typeof(WatchDirRequest)] = new("filesystem.WatchDirRequest", Text(1, "path"), Bool(2, "recursive")),
        [typeof(WatchDirResponse)] = new("filesystem.WatchDirResponse", OneOf(
            "event", Message(1, "start", Nothing), Message(2, "filesystem", FilesystemEvent), Message(3, "keepalive", Nothing))),
        [typeof(CreateWatcherRequest)] = new("filesystem.CreateWatcherRequest", Text(1, "path"), Bool(2, "recursive")),
        [typeof(CreateWatcherResponse)] = new("filesystem.CreateWatcherResponse", Text(1, "watcher_id")),
        [typeof(GetWatcherEventsRequest)] = new("filesystem.GetWatcherEventsRequest", Text(1, "watcher_id")),
        [typeof(GetWatcherEventsResponse)] = new("filesystem.GetWatcherEventsResponse", Message(1, "events", FilesystemEvent).Repeated()),
        [typeof(RemoveWatcherRequest)] = new("filesystem.RemoveWatcherRequest", Text(1, "watcher_id")),
    };

    private static ProtobufField Text(int number, string name) => new(number, name, ProtobufKind.Text);

    private static ProtobufField Bytes(int number, string name) => new(number, name, ProtobufKind.Bytes);

    private static ProtobufField Bool(int number, string name) => new(number, name, ProtobufKind.Bool);

    private static ProtobufField UInt32(int number, string name) => new(number, name, ProtobufKind.UInt32);

    private static ProtobufField SInt32(int number, string name) => new(number, name, ProtobufKind.SInt32);

    private static ProtobufField Int64(int number, string name) => new(number, name, ProtobufKind.Int64);

    private static ProtobufField Enum(int number, string name, ProtobufEnum values) => new(number, name, ProtobufKind.Enum) { Enum = values };

    private static ProtobufField Message(int number, string name, ProtobufMessage message) =>
        new(number, name, ProtobufKind.Message) { Message = message, HasPresence = true };

    private static ProtobufField Timestamp(int number, string name) => new(number, name, ProtobufKind.Timestamp) { HasPresence = true };

    /// <summary>A map from text to text, the only kind there is; on the wire a list of entries.</summary>
    private static ProtobufField Map(int number, string name) =>
        new(number, name, ProtobufKind.Map) { Message = new(name, Text(1, "key"), Text(2, "value")) };
}
