using System.ComponentModel;
using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>The code interpreter of one request: the function that the model calls, its input files and what it makes.</summary>
internal sealed class CodeInterpreterRun
{
    private const long MaxFileBytes = 4 << 20;
    private const int MaxFiles = 16;

    private readonly AgentSandbox sandbox;
    private readonly CodeInterpreterContents contents;

    public CodeInterpreterRun(AgentSandbox sandbox, CodeInterpreterContents contents)
    {
        (this.sandbox, this.contents) = (sandbox, contents);
        Function = AIFunctionFactory.Create(RunAsync, CodeInterpreterContents.FunctionName);
    }

    public AIFunction Function { get; }

    /// <summary>Puts the files that the application gives the tool into <c>/mnt/data</c>.</summary>
    /// <exception cref="NotSupportedException">One is neither data nor a file that the interpreter made.</exception>
    public async Task UploadAsync(IEnumerable<AIContent> inputs, CancellationToken cancellationToken)
    {
        var files = inputs.Select(Input).OfType<(string Path, ReadOnlyMemory<byte> Data)>().ToList();
        if (files.Count == 0) return;
        var current = await sandbox.GetAsync(cancellationToken: cancellationToken);
        await CodeInterpreter.PrepareAsync(current, cancellationToken);
        foreach (var (path, data) in files)
        {
            // What the code made of an input in an earlier request must not be undone.
            if (!await current.Files.ExistsAsync(path, cancellationToken: cancellationToken)) await current.Files.WriteAsync(path, data, cancellationToken: cancellationToken);
        }
    }

    [Description("""
        Run Python code on a machine of your own. Variables, imports and files stay from call to call. Returns what it prints and the value of the last line. Read input files from
        /mnt/data and write there what the user should get; plots are shown to the user.
        """)]
    private async Task<string> RunAsync([Description("Python code")] string code, CancellationToken cancellationToken)
    {
        using var activity = Traces.StartTool(CodeInterpreterContents.FunctionName, sandbox.ConversationId);
        try
        {
            var result = await sandbox.Python.RunAsync(code, cancellationToken: cancellationToken);
            activity?.SetTag(Traces.SandboxId, sandbox.SandboxId);
            if (FunctionInvokingChatClient.CurrentContext?.CallContent.CallId is { } callId) contents.Add(callId, await ShownAsync(result, cancellationToken));
            return sandbox.Session.TakeNews() is { } news ? $"[note: {news}]\n{result}" : result.ToString();
        }
        catch (SandboxException error)
        {
            return $"Error: {error.Message}";
        }
    }

    private async Task<IList<AIContent>> ShownAsync(CodeResult result, CancellationToken cancellationToken)
    {
        var shown = new List<AIContent>(result.Images.Select(image => new DataContent(image, "image/png")));
        var files = (await sandbox.GetAsync(cancellationToken: cancellationToken)).Files;
        foreach (var file in result.Files)
            shown.Add(file.SizeBytes > MaxFileBytes || shown.Count >= MaxFiles ? Reference(file) : await LoadAsync(files, file, cancellationToken));
        return shown;
    }

    private static async Task<AIContent> LoadAsync(SandboxFiles files, CodeFile file, CancellationToken cancellationToken)
    {
        try
        {
            return new DataContent(await files.ReadBytesAsync(file.Path, cancellationToken: cancellationToken), MediaTypes.Of(file.Path)) { Name = Path.GetFileName(file.Path) };
        }
        catch (SandboxException)
        {
            return Reference(file); // a background thread of the code has taken it away
        }
    }

    private static HostedFileContent Reference(CodeFile file) =>
        new(file.Path) { Name = Path.GetFileName(file.Path), SizeInBytes = file.SizeBytes, MediaType = MediaTypes.Of(file.Path) };

    private static (string, ReadOnlyMemory<byte>)? Input(AIContent content) => content switch
    {
        DataContent data => ($"{CodeInterpreter.DataDirectory}/{NameOf(data)}", data.Data),
        HostedFileContent made when made.FileId.StartsWith(CodeInterpreter.DataDirectory + "/", StringComparison.Ordinal) => null,
        HostedFileContent made => throw new NotSupportedException($"The code interpreter knows no file '{made.FileId}'. Give the file itself as DataContent with a Name."),
        _ => throw new NotSupportedException($"The code interpreter cannot take a {content.GetType().Name} as input. Give files as DataContent with a Name."),
    };

    private static string NameOf(DataContent data) =>
        Path.GetFileName(data.Name) is { Length: > 0 } name ? name : Convert.ToHexStringLower(SHA256.HashData(data.Data.Span))[..12] + MediaTypes.ExtensionOf(data.MediaType);
}
