using System.Text;
using CsCheck;
using Moru.Protocol;

namespace Moru.Fuzz.Tests;

public sealed class CodecProperties
{
    private static readonly Gen<MessageKind> Kinds = Gen.OneOf(MessageKind.All);

    private static readonly Gen<(MessageKind Kind, byte[] Json)> Valid =
        Gen.OneOf(Array.ConvertAll(MessageKind.All, kind => Messages.Of(kind.Schema).Select(json => (kind, json))));

    private static readonly Gen<byte[]> JsonSoup = Bytes.Soup(
    [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "null", "true", "false", "0", "-1", "1.5", "1e9", "9e999", "4294967296", " ", "\n", "\"\"", "\"a\"", "\"\\ud800\"", "{}", "[]",
        .. MessageKind.All.SelectMany(kind => Names(kind.Schema)).Distinct(),
    ]);

    [Fact]
    public void Json_of_any_kind_is_read_or_refused() =>
        Gen.OneOf(Gen.Select(Kinds, JsonSoup), Valid.SelectMany(valid => Gen.Const(valid.Json).Broken().Select(json => (valid.Kind, json))))
            .Holds(input => ReadOrRefuse(MessageCodec.Json, input.Item1, input.Item2));

    [Fact]
    public void Bytes_of_any_kind_are_read_or_refused() =>
        Gen.OneOf(Gen.Select(Kinds, Bytes.Any), Valid.SelectMany(valid => Gen.Const(Binary(valid)).Broken().Select(binary => (valid.Kind, binary))))
            .Holds(input => ReadOrRefuse(MessageCodec.Protobuf, input.Item1, input.Item2));

    [Fact]
    public void A_message_means_the_same_in_both_forms() => Valid.Holds(valid =>
    {
        var (kind, json) = valid;
        var message = kind.Decode(MessageCodec.Json, json);
        var written = kind.Encode(MessageCodec.Json, message);

        var throughBinary = kind.Decode(MessageCodec.Protobuf, kind.Encode(MessageCodec.Protobuf, message));
        var throughJson = kind.Decode(MessageCodec.Json, written);

        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(kind.Encode(MessageCodec.Json, throughBinary)));
        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(kind.Encode(MessageCodec.Json, throughJson)));
    });

    private static void ReadOrRefuse(MessageCodec codec, MessageKind kind, byte[] bytes)
    {
        try
        {
            Assert.NotNull(kind.Decode(codec, bytes));
        }
        catch (ConnectException refusal) when (refusal.Code == ConnectCode.InvalidArgument && refusal.Message.Length < 1000)
        {
            // As it should be.
        }
    }

    private static byte[] Binary((MessageKind Kind, byte[] Json) valid) =>
        valid.Kind.Encode(MessageCodec.Protobuf, valid.Kind.Decode(MessageCodec.Json, valid.Json));

    private static IEnumerable<string> Names(ProtobufMessage message) => message.Fields.SelectMany(field =>
        new[] { $"\"{field.Name}\":", $"\"{field.JsonName}\":" }
            .Concat(field.Message is { } inner ? Names(inner) : [])
            .Concat(field.Enum?.Values.Select(value => $"\"{value.Name}\"") ?? []));
}
