using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol.Tests;

/// <summary>Messages in protobuf's binary form, byte by byte.</summary>
public sealed class BinaryMessages
{
    [Fact]
    public void A_start_request_is_read_field_by_field()
    {
        // process { cmd: "sh", args: ["-c", ""], envs: {"A": "1", "": ""}, cwd: "" }, pty { size { cols: 300 } }, tag: "", stdin: false
        var request = Decode("0a16 0a027368 12022d63 1200 1a06 0a0141 120131 1a00 2200 1205 0a03 08ac02 1a00 2000", EnvdJson.Default.StartRequest);

        Assert.Equal(("sh", ""), (request.Process!.Cmd, request.Process.Cwd));
        Assert.Equal(["-c", ""], request.Process.Args!);
        Assert.Equal([new("A", "1"), new("", "")], request.Process.Envs!);
        Assert.Equal((new PtySize(300, 0), "", false), (request.Pty!.Size!, request.Tag, request.Stdin!.Value));
    }

    [Fact]
    public void An_empty_message_holds_the_defaults()
    {
        Assert.Equal(new ListDirRequest(""), Decode("", EnvdJson.Default.ListDirRequest));
        Assert.NotNull(Decode("", EnvdJson.Default.Empty));
    }

    [Theory]
    [InlineData("0a00", "")]
    [InlineData("0a0161", "61")]
    [InlineData("0a0161 0a0162", "62")]
    [InlineData("120161 0a0162", "62")]
    public void Empty_bytes_in_a_oneof_are_present_and_the_last_member_wins(string input, string stdin)
    {
        var bytes = Convert.FromHexString(input.Replace(" ", "", StringComparison.Ordinal));
        var request = Decode($"12{bytes.Length:x2}{input}", EnvdJson.Default.SendInputRequest);

        Assert.Equal((stdin, false), (Convert.ToHexStringLower(request.Input.Stdin!.Value.Span), request.Input.Pty.HasValue));
    }

    [Fact]
    public void The_parts_of_a_message_are_put_together()
    {
        var request = Decode("0a04 0a026c73 0a04 12022d6c 0a03 220178 0a03 220179", EnvdJson.Default.StartRequest);

        Assert.Equal(("ls", "-l", "y"), (request.Process!.Cmd, Assert.Single(request.Process.Args!), request.Process.Cwd));
    }

    [Fact]
    public void A_member_of_a_oneof_ends_the_parts_of_another()
    {
        // start { process { pid: 1 } }, keepalive {}, start {}
        var request = Decode("0a04 0a02 0801 1a00 0a00", EnvdJson.Default.StreamInputRequest);

        Assert.Null(request.Keepalive);
        Assert.Null(request.Start!.Process);
    }

    [Fact]
    public void Unknown_fields_of_every_wire_type_are_skipped()
    {
        var request = Decode("7801 79 0102030405060708 7a020102 7d01020304 0a012f f8ffffff0f 01", EnvdJson.Default.StatRequest);

        Assert.Equal("/", request.Path);
    }

    [Theory]
    [InlineData("10 898080808080808000", Signal.Kill)]
    [InlineData("10 2a", (Signal)42)]
    [InlineData("10 ffffffffffffffffff01", (Signal)(-1))]
    public void Numbers_longer_than_their_field_are_cut_to_it(string hex, Signal signal) =>
        Assert.Equal(signal, Decode(hex, EnvdJson.Default.SendSignalRequest).Signal);

    [Theory]
    [InlineData("0a", "ends inside field 'path'")]
    [InlineData("0a05 61", "ends inside field 'path'")]
    [InlineData("0affffffff0f 61", "ends inside field 'path'")]
    [InlineData("0affffffffffffffffff01 61", "ends inside field 'path'")]
    [InlineData("80", "ends inside a field's key")]
    [InlineData("00", "number is out of range")]
    [InlineData("8080808010 00", "number is out of range")]
    [InlineData("10ffffffffffffffffff02", "more than 64 bits in field 'depth'")]
    [InlineData("10ffffffffffffffffffff01", "more than 64 bits in field 'depth'")]
    [InlineData("79 01020304", "ends inside field 15")]
    [InlineData("7d 010203", "ends inside field 15")]
    [InlineData("7b 7c", "wire type 3 in field 15; groups are not accepted")]
    [InlineData("7c", "wire type 4 in field 15; groups are not accepted")]
    [InlineData("7e", "wire type 6 in field 15")]
    [InlineData("08 01", "path has wire type 0 instead of 2")]
    [InlineData("12 0101", "depth has wire type 2 instead of 0")]
    [InlineData("0a02 c328", "path is not valid UTF-8")]
    [InlineData("0a03 eda080", "path is not valid UTF-8")]
    public void What_is_wrong_is_named(string hex, string problem)
    {
        var error = Assert.Throws<ConnectException>(() => Decode(hex, EnvdJson.Default.ListDirRequest));

        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
        Assert.StartsWith("malformed message: filesystem.ListDirRequest", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_without_fields_is_checked_too() =>
        Assert.Contains("google.protobuf.Empty ends inside", Assert.Throws<ConnectException>(() => Decode("7a05", EnvdJson.Default.Empty)).Message);

    [Fact]
    public void Millions_of_parts_are_put_together_in_time()
    {
        var parts = new byte[6 << 20];
        for (var index = 0; index < parts.Length; index += 3) (parts[index], parts[index + 1], parts[index + 2]) = (0x0A, 1, 0x2A);

        Assert.Throws<ConnectException>(() => MessageCodec.Protobuf.Decode(parts, EnvdJson.Default.StartRequest));
    }

    [Theory]
    [InlineData("""{"event":{"start":{"pid":7}}}""", "0a04 0a02 0807")]
    [InlineData("""{"event":{"start":{}}}""", "0a02 0a00")]
    [InlineData("""{"event":{"data":{"stdout":"aGk="}}}""", "0a06 1204 0a026869")]
    [InlineData("""{"event":{"data":{"pty":""}}}""", "0a04 1202 1a00")]
    [InlineData("""{"event":{"keepalive":{}}}""", "0a02 2200")]
    [InlineData("""{"event":{"end":{"exitCode":-1,"status":"signal: killed","error":""}}}""", "0a16 1a14 0801 1a0e7369676e616c3a206b696c6c6564 2200")]
    [InlineData("""{"event":{"end":{"exitCode":-2147483648,"exited":true,"status":""}}}""", "0a0a 1a08 08ffffffff0f 1001")]
    public void A_process_event_is_written_without_its_defaults(string json, string hex)
    {
        var message = JsonSerializer.Deserialize(json, EnvdJson.Default.StartResponse)!;

        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(Encode(message, EnvdJson.Default.StartResponse)));
    }

    [Fact]
    public void A_directory_entry_is_written_whole()
    {
        var entry = new FileEntry
        {
            Name = "a",
            Type = FileType.File,
            Path = "/a",
            Size = 1L << 40,
            Mode = 420,
            ModifiedTime = DateTimeOffset.UnixEpoch.AddTicks(-1),
            SymlinkTarget = "",
        };

        Assert.Equal(
            "0a28" + "0a0161" + "1001" + "1a022f61" + "20808080808020" + "28a403" + "4a11" + "08ffffffffffffffffff01" + "109c93ebdc03" + "5200",
            Convert.ToHexStringLower(Encode(new StatResponse(entry), EnvdJson.Default.StatResponse)));
        Assert.Equal(entry, MessageCodec.Protobuf.Decode(Encode(new StatResponse(entry), EnvdJson.Default.StatResponse), EnvdJson.Default.StatResponse).Entry with
        {
            Permissions = null, Owner = null, Group = null,
        });
    }

    [Theory]
    [InlineData("0808 10ffffffffffffffffff01", "nanos must be from 0 to 999999999")]
    [InlineData("08ffffffffffffffffff00", "seconds is outside the years 1 to 9999")]
    [InlineData("0a00", "seconds has wire type 2")]
    public void A_time_that_cannot_be_is_refused(string time, string problem)
    {
        var bytes = Convert.FromHexString(time.Replace(" ", "", StringComparison.Ordinal));
        var error = Assert.Throws<ConnectException>(() => Decode($"0a{bytes.Length + 2:x2} 4a{bytes.Length:x2} {time}", EnvdJson.Default.StatResponse));

        Assert.Contains("google.protobuf.Timestamp." + problem, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Encode<T>(T message, JsonTypeInfo<T> type)
        where T : class
    {
        var output = new ArrayBufferWriter<byte>();
        MessageCodec.Protobuf.Encode(message, type, output);
        return output.WrittenSpan.ToArray();
    }

    private static T Decode<T>(string hex, JsonTypeInfo<T> type)
        where T : class => MessageCodec.Protobuf.Decode(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), type);
}
