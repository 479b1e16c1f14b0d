using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CsCheck;
using Moru.Protocol;

namespace Moru.Fuzz.Tests;

/// <summary>One kind of message, with its record's type taken away.</summary>
internal abstract class MessageKind
{
    public static readonly MessageKind[] All =
    [
        new Of<Empty>(EnvdJson.Default.Empty), new Of<StartRequest>(EnvdJson.Default.StartRequest), new Of<StartResponse>(EnvdJson.Default.StartResponse),
        new Of<ConnectRequest>(EnvdJson.Default.ConnectRequest), new Of<ConnectResponse>(EnvdJson.Default.ConnectResponse),
        new Of<ListProcessesResponse>(EnvdJson.Default.ListProcessesResponse), new Of<UpdateRequest>(EnvdJson.Default.UpdateRequest),
        new Of<SendInputRequest>(EnvdJson.Default.SendInputRequest), new Of<StreamInputRequest>(EnvdJson.Default.StreamInputRequest),
        new Of<SendSignalRequest>(EnvdJson.Default.SendSignalRequest), new Of<StatRequest>(EnvdJson.Default.StatRequest),
        new Of<StatResponse>(EnvdJson.Default.StatResponse), new Of<MakeDirRequest>(EnvdJson.Default.MakeDirRequest),
        new Of<MakeDirResponse>(EnvdJson.Default.MakeDirResponse), new Of<MoveRequest>(EnvdJson.Default.MoveRequest),
        new Of<MoveResponse>(EnvdJson.Default.MoveResponse), new Of<ListDirRequest>(EnvdJson.Default.ListDirRequest),
        new Of<ListDirResponse>(EnvdJson.Default.ListDirResponse), new Of<RemoveRequest>(EnvdJson.Default.RemoveRequest),
        new Of<WatchDirRequest>(EnvdJson.Default.WatchDirRequest), new Of<WatchDirResponse>(EnvdJson.Default.WatchDirResponse),
        new Of<CreateWatcherRequest>(EnvdJson.Default.CreateWatcherRequest), new Of<CreateWatcherResponse>(EnvdJson.Default.CreateWatcherResponse),
        new Of<GetWatcherEventsRequest>(EnvdJson.Default.GetWatcherEventsRequest), new Of<GetWatcherEventsResponse>(EnvdJson.Default.GetWatcherEventsResponse),
        new Of<RemoveWatcherRequest>(EnvdJson.Default.RemoveWatcherRequest),
    ];

    public abstract ProtobufMessage Schema { get; }

    public abstract object Decode(MessageCodec codec, byte[] bytes);

    public abstract byte[] Encode(MessageCodec codec, object message);

    public override string ToString() => Schema.Name;

    private sealed class Of<T>(JsonTypeInfo<T> type) : MessageKind
        where T : class
    {
        public override ProtobufMessage Schema { get; } = EnvdSchema.Messages[typeof(T)];

        public override object Decode(MessageCodec codec, byte[] bytes) => codec.Decode(bytes, type);

        public override byte[] Encode(MessageCodec codec, object message)
        {
            var output = new ArrayBufferWriter<byte>();
            codec.Encode((T)message, type, output);
            return output.WrittenSpan.ToArray();
        }
    }
}

/// <summary>Valid messages in JSON, in all the forms that are allowed.</summary>
internal static class Messages
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.OneOf("", "a", "/tmp/x", "~", "é😀", "\"\\\n\0\u001f\u007f"), Gen.Char.Array[0, 6].Select(chars => new string(chars)).Where(IsUnicode));

    public static Gen<byte[]> Of(ProtobufMessage message) => Object(message).Select(json => Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static Gen<JsonNode> Object(ProtobufMessage message)
    {
        // Without a process there is nothing to start; all else may be absent.
        var members = message.Fields.Select(field => Gen.Select(Gen.Int[0, 3], Field(field), (chance, value) =>
            (Field: field, IsSet: chance > 0 || field.Name == "process", Value: value)));
        var none = Gen.Const(Array.Empty<(ProtobufField Field, bool IsSet, JsonNode Value)>());
        var every = members.Aggregate(none, (all, next) => Gen.Select(all, next, (list, one) => list.Append(one).ToArray()));
        return Gen.Select(every, Gen.Bool, (all, snake) =>
        {
            var json = new JsonObject();
            foreach (var (field, isSet, value) in all)
            {
                var isTaken = field.OneOf is not null && all.TakeWhile(other => other.Field != field).Any(other => other.IsSet && other.Field.OneOf == field.OneOf);
                if (!isSet || isTaken) continue;
                json[snake ? field.Name : field.JsonName] = value.DeepClone();
            }

            return (JsonNode)json;
        });
    }

    private static Gen<JsonNode> Field(ProtobufField field)
    {
        if (field.Kind == ProtobufKind.Map)
        {
            return Gen.Select(Text, Text).Array[1, 3].Select(entries =>
                (JsonNode)new JsonObject(entries.DistinctBy(entry => entry.Item1).Select(entry => KeyValuePair.Create(entry.Item1, (JsonNode?)JsonValue.Create(entry.Item2)))));
        }

        var value = Value(field);
        return field.IsRepeated ? value.Array[1, 3].Select(values => (JsonNode)new JsonArray([.. values.Select(one => one.DeepClone())])) : value;
    }

    private static Gen<JsonNode> Value(ProtobufField field) => field.Kind switch
    {
        ProtobufKind.Message => Object(field.Message!),
        ProtobufKind.Text => Text.Select(text => (JsonNode)JsonValue.Create(text)),
        ProtobufKind.Bytes => Gen.Select(Bytes.Any, Gen.Bool, (bytes, url) => (JsonNode)JsonValue.Create(url ? Url(bytes) : Convert.ToBase64String(bytes))),
        ProtobufKind.Bool => Gen.Bool.Select(value => (JsonNode)JsonValue.Create(value)),
        ProtobufKind.UInt32 => Number(Gen.Long[0, int.MaxValue]),
        ProtobufKind.SInt32 => Number(Gen.Long[int.MinValue, int.MaxValue]),
        ProtobufKind.Int64 => Number(Gen.Long),
        ProtobufKind.Timestamp => Gen.Long[1, DateTimeOffset.MaxValue.Ticks].Select(ticks => (JsonNode)JsonValue.Create(new DateTimeOffset(ticks, TimeSpan.Zero).ToString("O"))),
        _ => Gen.Select(Gen.OneOf(field.Enum!.Values), Gen.Bool, (value, named) => (JsonNode)(named ? JsonValue.Create(value.Name) : JsonValue.Create(value.Number))),
    };

    private static Gen<JsonNode> Number(Gen<long> numbers) => Gen.Select(numbers, Gen.Bool, (number, quoted) =>
        (JsonNode)(quoted ? JsonValue.Create(number.ToString(CultureInfo.InvariantCulture)) : JsonValue.Create(number)));

    private static string Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static bool IsUnicode(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])) index++;
            else if (char.IsSurrogate(text[index])) return false;
        }

        return true;
    }
}
