using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>Work that people ask for again and again, as prompts that use the tools well.</summary>
internal sealed partial class McpPrompts : McpServerPrompt
{
    private const int MaxArgument = 20_000;

    private readonly string text;

    private McpPrompts(string name, string title, string description, string text, params (string Name, string Description)[] arguments)
    {
        this.text = text.ReplaceLineEndings(" ");
        ProtocolPrompt = new Prompt
        {
            Name = name,
            Title = title,
            Description = description,
            Icons = McpIcons.Prompt,
            Arguments = [.. arguments.Select(argument => new PromptArgument { Name = argument.Name, Description = argument.Description, Required = true })],
        };
    }

    public static McpServerPrimitiveCollection<McpServerPrompt> All { get; } =
    [
        new McpPrompts("analyze_data", "Analyse data", "Load a data set in a sandbox and answer a question about it.", """
            Answer this question about the data at {data}: {question}
            Work in the session sandbox. Bring the data there (download it with `run_command`, or write it with `write_file`), look at its columns and first rows before you write
            code, and then write one Python program and run it. Check the result for plausibility; if a step fails, mend the program instead of guessing. Answer with the numbers, how
            you got them, and the path of the program.
            """, ("data", "URL of the data, or a path in the sandbox"), ("question", "What to find out")),
        new McpPrompts("fix_repository", "Fix a repository", "Clone a repository in a sandbox, reproduce a problem, fix it and test it.", """
            In the repository {repository}, fix this problem: {problem}
            Clone it in the session sandbox with `run_command`, read how it is built and tested, and run its tests first. Then write a test that fails because of the problem, change
            as little as possible with `write_file`, and run all tests again. Answer with the output of `git diff` and of the test run.
            """, ("repository", "URL that git can clone"), ("problem", "What is wrong, or text of an issue")),
        new McpPrompts("run_service", "Run a service", "Write or start a web service in a sandbox, and check that it answers.", """
            Make this service run in the session sandbox: {service}
            Start it with `run_command` and wait_seconds 0, find out with `get_url` whether its port answers yet and where, and show one real request and its answer. If it does not
            start, see what it wrote with `read_output` before you change anything.
            """, ("service", "What to run, and on which port if that matters")),
        new McpPrompts("long_job", "Run a long job", "Run something that takes minutes or hours, without waiting for it in one call.", """
            Run this in the session sandbox, and see it through: {job}
            Start it with `run_command` and wait_seconds 0, then wait for it with `read_output`, not more often than it makes progress. When it has ended, report its exit code, how long it took, and what matters of its output; when it fails, say why before you try again.
            """, ("job", "The command or the task")),
        new McpPrompts("inspect_sandbox", "Inspect a sandbox", "Find out what is in a sandbox and what runs there, without changing it.", """
            Tell me what is going on in sandbox {sandbox_id}.
            Change nothing in it. See with `list_sandboxes` whether it runs; if it is paused, say so and stop, since a look inside would resume it. Look with `run_command` at the processes, the load, free memory and disk, listening ports, the home directory and the files that changed
            last. Then say in a few sentences what it is used for, what is unusual, and whether it can be ended; do not end it yourself.
            """, ("sandbox_id", "Which sandbox")),
    ];

    public override Prompt ProtocolPrompt { get; }

    public override IReadOnlyList<object> Metadata => [];

    public override ValueTask<GetPromptResult> GetAsync(RequestContext<GetPromptRequestParams> request, CancellationToken cancellationToken = default)
    {
        var values = new Dictionary<string, string>();
        foreach (var argument in ProtocolPrompt.Arguments!)
        {
            var value = request.Params?.Arguments is { } given && given.TryGetValue(argument.Name, out var element) ? element.ToString().Trim() : "";
            if (value.Length == 0)
                throw new McpProtocolException($"The prompt '{ProtocolPrompt.Name}' needs `{argument.Name}`: {argument.Description}.", McpErrorCode.InvalidParams);
            if (value.Length > MaxArgument)
                throw new McpProtocolException($"`{argument.Name}` has {value.Length} characters; at most {MaxArgument} may be given.", McpErrorCode.InvalidParams);
            values[argument.Name] = value;
        }

        var filled = Variables().Replace(text, variable => values[variable.Groups[1].Value]);

        return ValueTask.FromResult(new GetPromptResult
        {
            Description = ProtocolPrompt.Description,
            Messages = [new PromptMessage { Role = Role.User, Content = new TextContentBlock { Text = filled.Trim() } }],
        });
    }

    // At once, so that what is filled in is not searched again.
    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Variables();
}
