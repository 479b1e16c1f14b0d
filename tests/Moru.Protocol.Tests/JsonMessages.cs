using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol.Tests;

/// <summary>The forms that protobuf JSON allows for the same message.</summary>
public sealed class JsonMessages
{
    [Theory]
    [InlineData("""{"process":{"pid":7},"signal":"SIGNAL_SIGKILL"}""")]
    [InlineData("""{"process":{"pid":"7"},"signal":9}""")]
    [InlineData("""{"process":{"pid":7.0},"signal":"SIGNAL_SIGKILL","later":{"deep":[{}]}}""")]
    [InlineData("""{"process":{"pid":0.7e1,"tag":null},"signal":9.0}""")]
    [InlineData("{\n  \"process\" : {\n    \"pid\" : 7\n  },\r\n\t\"sig\\u006eal\" : \"SIGNAL\\u005fSIGKILL\"\n}\n")]
    public void Numbers_enums_and_names_may_be_written_in_any_allowed_form(string json)
    {
        var request = Decode(json, EnvdJson.Default.SendSignalRequest);

        Assert.Equal((7, null, Signal.Kill), (request.Process.Pid, request.Process.Tag, request.Signal));
    }

    [Theory]
    [InlineData("""{"watcherId":"w1"}""")]
    [InlineData("""{"watcher_id":"w1"}""")]
    public void Names_may_be_in_camel_case_or_snake_case(string json) =>
        Assert.Equal("w1", Decode(json, EnvdJson.Default.GetWatcherEventsRequest).WatcherId);

    [Theory]
    [InlineData("+/+/", "fbffbf")]
    [InlineData("-_-_", "fbffbf")]
    [InlineData("+\\/\\u002b/", "fbffbf")]
    [InlineData("aGk=", "6869")]
    [InlineData("aGk", "6869")]
    [InlineData("aA", "68")]
    [InlineData("_w", "ff")]
    [InlineData("", "")]
    public void Bytes_are_base64_of_either_alphabet_with_or_without_padding(string text, string hex)
    {
        var request = Decode($$$"""{"process":{"pid":1},"input":{"stdin":"{{{text}}}"}}""", EnvdJson.Default.SendInputRequest);

        Assert.Equal(hex, Convert.ToHexStringLower(request.Input.Stdin!.Value.Span));
    }

    [Fact]
    public void What_is_null_or_missing_has_its_default()
    {
        var request = Decode("""{"process":{"args":null,"envs":null,"cwd":null},"pty":null,"tag":null,"stdin":null}""", EnvdJson.Default.StartRequest);

        Assert.Equal(("", null, null, null), (request.Process!.Cmd, request.Pty, request.Tag, request.Stdin));
        Assert.Equal("", Decode("{}", EnvdJson.Default.StatRequest).Path);
    }

    [Fact]
    public void Text_arrives_as_it_was_sent()
    {
        var request = Decode("""{"process":{"cmd":"a\"\\\u00e9\ud83d\ude00é","args":["x\ny"],"envs":{"\u0041":"\t"}}}""", EnvdJson.Default.StartRequest);

        Assert.Equal("a\"\\é😀é", request.Process!.Cmd);
        Assert.Equal(["x\ny"], request.Process.Args!);
        Assert.Equal("\t", request.Process.Envs!["A"]);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("{", "JSON")]
    [InlineData("{} {}", "invalid after")]
    [InlineData("null", "process.SendSignalRequest must be a JSON object")]
    [InlineData("[]", "process.SendSignalRequest must be a JSON object")]
    [InlineData("""{"process":7}""", "process.SendSignalRequest.process must be an object")]
    [InlineData("""{"process":{"pid":-1}}""", "process.ProcessSelector.pid must be a whole number")]
    [InlineData("""{"process":{"pid":4294967296}}""", "process.ProcessSelector.pid must be a whole number")]
    [InlineData("""{"process":{"pid":1.5}}""", "process.ProcessSelector.pid must be a whole number")]
    [InlineData("""{"process":{"pid":"x"}}""", "process.ProcessSelector.pid must be a whole number")]
    [InlineData("""{"process":{"pid":""}}""", "process.ProcessSelector.pid must be a whole number")]
    [InlineData("""{"process":{"pid":true}}""", "process.ProcessSelector.pid must be a whole number")]
    [InlineData("""{"process":{"tag":7}}""", "process.ProcessSelector.tag must be text")]
    [InlineData("""{"process":{"tag":"\ud800"}}""", "tag")]
    [InlineData("""{"process":{"pid":1,"tag":"t"}}""", "process.ProcessSelector.tag cannot be set together with 'pid'")]
    [InlineData("""{"process":{"pid":1,"pid":2}}""", "process.ProcessSelector.pid is given twice")]
    [InlineData("""{"signal":"SIGNAL_SIGHUP"}""", "process.SendSignalRequest.signal must be one of SIGNAL_UNSPECIFIED, SIGNAL_SIGKILL, SIGNAL_SIGTERM")]
    [InlineData("""{"signal":"SIGNAL_SIGKILL\udc00"}""", "process.SendSignalRequest holds text that is not Unicode")]
    [InlineData("""{"\udc00":1}""", "process.SendSignalRequest holds text that is not Unicode")]
    [InlineData("""{"signal":"9"}""", "process.SendSignalRequest.signal must be one of")]
    public void What_is_wrong_is_named(string json, string problem)
    {
        var error = Assert.Throws<ConnectException>(() => Decode(json, EnvdJson.Default.SendSignalRequest));

        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
        Assert.StartsWith("malformed message: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"stdin":1}""", "process.StartRequest.stdin must be true or false")]
    [InlineData("""{"process":{"args":"a"}}""", "process.ProcessConfig.args must be an array")]
    [InlineData("""{"process":{"args":["a",null]}}""", "process.ProcessConfig.args must be text")]
    [InlineData("""{"process":{"envs":[]}}""", "process.ProcessConfig.envs must be an object")]
    [InlineData("""{"process":{"envs":{"A":null}}}""", "process.ProcessConfig.envs must have text values only")]
    public void Lists_and_maps_hold_text_only(string json, string problem) => Assert.Contains(
        problem, Assert.Throws<ConnectException>(() => Decode(json, EnvdJson.Default.StartRequest)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a")]
    [InlineData("====")]
    [InlineData("a*==")]
    [InlineData("aGk=aGk=")]
    public void Bytes_that_are_not_base64_are_refused(string text)
    {
        var error = Assert.Throws<ConnectException>(() => Decode($$$"""{"input":{"pty":"{{{text}}}"}}""", EnvdJson.Default.SendInputRequest));

        Assert.Equal("malformed message: process.ProcessInput.pty must be base64 text", error.Message);
    }

    [Fact]
    public void An_unknown_number_of_an_enum_is_kept() =>
        Assert.Equal((Signal)42, Decode("""{"signal":42}""", EnvdJson.Default.SendSignalRequest).Signal);

    [Fact]
    public void Deep_nesting_is_refused()
    {
        var json = """{"x":""" + new string('[', 100_000) + new string(']', 100_000) + "}";

        Assert.Equal(ConnectCode.InvalidArgument, Assert.Throws<ConnectException>(() => Decode(json, EnvdJson.Default.StatRequest)).Code);
    }

    private static T Decode<T>(string json, JsonTypeInfo<T> type)
        where T : class => MessageCodec.Json.Decode(Encoding.UTF8.GetBytes(json), type);
}
