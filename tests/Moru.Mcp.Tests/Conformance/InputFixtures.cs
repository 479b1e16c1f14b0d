using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp.Tests;

/// <summary>Tools of the suite that ask the client within the call, in one round or more.</summary>
internal static class InputFixtures
{
    private const string State = "state";

    public static IEnumerable<McpServerTool> Tools =>
    [
        new FixtureTool("test_input_required_result_elicitation", (request, _) => Given(request, "user_name") is { } name
            && name.Deserialize(InputResponse.ElicitResultJsonTypeInfo)?.Content?.TryGetValue("name", out var text) == true
            ? Fixtures.Done($"Hello, {text}!") : throw Ask(null, Name("user_name"))),
        new FixtureTool("test_input_required_result_sampling", (request, _) => Given(request, "capital_question") is { } answer
            ? Fixtures.Done(answer.RawValue.GetRawText()) : throw Ask(null, Sample("capital_question", "What is the capital of France?", 100))),
        new FixtureTool("test_input_required_result_list_roots", (request, _) => Given(request, "client_roots") is { } roots
            ? Fixtures.Done(roots.RawValue.GetRawText()) : throw Ask(null, Roots())),
        new FixtureTool("test_input_required_result_request_state", (request, _) => Given(request, "confirm") is not null && Proven(request)
            ? Fixtures.Done("state-ok") : throw Ask(State, Confirm())),
        new FixtureTool("test_input_required_result_tampered_state", (request, _) => Given(request, "confirm") is not null && Proven(request)
            ? Fixtures.Done("state-ok") : throw Ask(State, Confirm())),
        new FixtureTool("test_input_required_result_multiple_inputs", (request, _) => ((string[])["user_name", "greeting", "client_roots"]).All(key => Given(request, key) is not null) && Proven(request)
            ? Fixtures.Done("all there") : throw Ask(State, Name("user_name"), Sample("greeting", "Generate a greeting", 50), Roots())),
        new FixtureTool("test_input_required_result_multi_round", (request, _) => request.Params!.RequestState switch
        {
            null => throw Ask("round-1", ("step1", Question("Step 1: What is your name?", "name", Fixtures.Word()))),
            "round-1" => throw Ask("round-2", ("step2", Question("Step 2: What is your favorite color?", "color", Fixtures.Word()))),
            _ => Fixtures.Done("both steps done"),
        }),
        new FixtureTool("test_input_required_result_capabilities", (request, _) => throw Ask(null, [.. Allowed(request.Server.ClientCapabilities)])),
    ];

    public static McpServerPrompt Prompt { get; } = new FixturePrompt("test_input_required_result_prompt", request => request.Params!.InputResponses?.ContainsKey("user_context") == true
        ? [new PromptMessage { Role = Role.User, Content = Fixtures.Text("with context") }]
        : throw Ask(null, ("user_context", Question("What context should the prompt use?", "context", Fixtures.Word()))));

    private static InputResponse? Given(RequestContext<CallToolRequestParams> request, string key) =>
        request.Params!.InputResponses?.TryGetValue(key, out var response) == true ? response : null;

    private static bool Proven(RequestContext<CallToolRequestParams> request) =>
        request.Params!.RequestState == State ? true : throw new McpProtocolException("the state is not the one that was given", McpErrorCode.InvalidParams);

    public static InputRequiredException Ask(string? state, params (string Key, InputRequest Request)[] requests) => new(requests.ToDictionary(one => one.Key, one => one.Request), state);

    private static IEnumerable<(string, InputRequest)> Allowed(ClientCapabilities? client)
    {
        if (client?.Elicitation is not null) yield return Name("user_name");
        if (client?.Sampling is not null) yield return Sample("greeting", "Generate a greeting", 50);
        if (client?.Roots is not null) yield return Roots();
    }

    public static (string, InputRequest) Name(string key) => (key, Question("What is your name?", "name", Fixtures.Word()));

    private static (string, InputRequest) Confirm() => ("confirm", Question("Please confirm", "ok", new ElicitRequestParams.BooleanSchema()));

    private static (string, InputRequest) Roots() => ("client_roots", InputRequest.ForRootsList(new ListRootsRequestParams()));

    private static InputRequest Question(string message, string name, ElicitRequestParams.PrimitiveSchemaDefinition schema) =>
        InputRequest.ForElicitation(new ElicitRequestParams { Message = message, RequestedSchema = Fixtures.Form((name, schema)) });

    private static (string, InputRequest) Sample(string key, string text, int tokens) => (key, InputRequest.ForSampling(new CreateMessageRequestParams
    {
        MaxTokens = tokens,
        Messages = [new SamplingMessage { Role = Role.User, Content = [Fixtures.Text(text)] }],
    }));
}
