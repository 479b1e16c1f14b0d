using System.ComponentModel;
using Microsoft.SemanticKernel;
using Moru.Protocol;

namespace Moru.Agents;

/// <summary>
/// Python for Semantic Kernel, with the functions and results of the plugin for Azure's dynamic sessions, on a sandbox of your own. A session is
/// the <see cref="AgentSandbox"/> it is made with, which stays the caller's.
/// </summary>
/// <example>
/// <code>
/// var python = new SessionsPythonPlugin(new(), sandbox);   // was: new SessionsPythonPlugin(settings, httpClientFactory, tokenProvider)
/// kernel.Plugins.AddFromObject(python);
/// </code>
/// </example>
public sealed class SessionsPythonPlugin(SessionsPythonSettings settings, AgentSandbox sandbox)
{
    private const long MaxDownloadBytes = 128 << 20;

    private readonly SessionsPythonSettings settings = settings ?? throw new ArgumentNullException(nameof(settings));
    private readonly AgentSandbox sandbox = sandbox ?? throw new ArgumentNullException(nameof(sandbox));

    /// <summary>Runs Python code; variables stay for the next call.</summary>
    [KernelFunction]
    [Description("Executes Python code in a session that keeps its variables. Print what you want to see; the value of the last line is returned too. Files go in `/mnt/data`.")]
    public async Task<SessionsPythonCodeExecutionResult> ExecuteCodeAsync(
        [Description("The valid Python code to execute.")] string code, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(code);
        var clean = settings.SanitizeInput ? Sanitized(code) : code;
        var result = await sandbox.Python.RunAsync(clean, TimeSpan.FromSeconds(settings.TimeoutInSeconds), cancellationToken: cancellationToken);
        return new SessionsPythonCodeExecutionResult
        {
            Status = result.Error is null ? "Success" : "Failure",
            Result = new() { StdOut = result.Stdout, StdErr = result.Stderr + result.Error, ExecutionResult = result.Value ?? "" },
        };
    }

    /// <summary>Copies a file of this machine to <c>/mnt/data</c>.</summary>
    /// <exception cref="InvalidOperationException">Uploads are off, or the file is not in an allowed directory.</exception>
    [KernelFunction]
    [Description("Uploads a file to the `/mnt/data` directory of the current session.")]
    public async Task<SessionsRemoteFileMetadata> UploadFileAsync(
        [Description("The name of the remote file, relative to `/mnt/data`.")] string remoteFileName,
        [Description("The path to the file on the local machine.")] string localFilePath,
        CancellationToken cancellationToken = default)
    {
        var path = RemotePath(remoteFileName);
        if (!settings.EnableDangerousFileUploads)
            throw new InvalidOperationException($"File uploads are off. Set {nameof(SessionsPythonSettings.EnableDangerousFileUploads)} and {nameof(SessionsPythonSettings.AllowedUploadDirectories)} to allow them.");
        var local = AllowedPath.Resolve(localFilePath, settings.AllowedUploadDirectories, "uploaded from");

        await using var content = File.OpenRead(local);
        var files = (await PreparedAsync(cancellationToken)).Files;
        await files.WriteAsync(path, content, cancellationToken: cancellationToken);
        return Describe(await files.GetInfoAsync(path, cancellationToken: cancellationToken));
    }

    /// <summary>Lists what is in <c>/mnt/data</c>.</summary>
    [KernelFunction]
    [Description("Lists all entities: files or directories in the `/mnt/data` directory of the current session.")]
    public async Task<IReadOnlyList<SessionsRemoteFileMetadata>> ListFilesAsync(CancellationToken cancellationToken = default)
    {
        var entries = await (await PreparedAsync(cancellationToken)).Files.ListAsync(CodeInterpreter.DataDirectory, cancellationToken: cancellationToken);
        return [.. entries.Select(Describe)];
    }

    /// <summary>Reads a file in <c>/mnt/data</c>, and saves it on this machine too when a path is given.</summary>
    /// <exception cref="InvalidOperationException">The local path is not in an allowed directory, or the file is larger than 128 MiB.</exception>
    [KernelFunction]
    [Description("Downloads a file from the `/mnt/data` directory of the current session.")]
    public async Task<byte[]> DownloadFileAsync(
        [Description("The name of the remote file to download, relative to `/mnt/data`.")] string remoteFileName,
        [Description("The path where to save the downloaded file, on the local machine. If not given, the file is only returned.")] string? localFilePath = null,
        CancellationToken cancellationToken = default)
    {
        var path = RemotePath(remoteFileName);
        var local = string.IsNullOrEmpty(localFilePath) ? null : AllowedPath.Resolve(localFilePath, settings.AllowedDownloadDirectories, "saved in");

        var files = (await PreparedAsync(cancellationToken)).Files;
        var size = (await files.GetInfoAsync(path, cancellationToken: cancellationToken)).SizeBytes;
        if (size > MaxDownloadBytes) throw new InvalidOperationException($"'{remoteFileName}' has {size} bytes; at most {MaxDownloadBytes} are returned.");
        var content = await files.ReadBytesAsync(path, cancellationToken: cancellationToken);
        if (local is not null) await File.WriteAllBytesAsync(local, content, cancellationToken);
        return content;
    }

    private async Task<Sandbox> PreparedAsync(CancellationToken cancellationToken)
    {
        var current = await sandbox.GetAsync(cancellationToken: cancellationToken);
        await CodeInterpreter.PrepareAsync(current, cancellationToken);
        return current;
    }

    private static string RemotePath(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.StartsWith(CodeInterpreter.DataDirectory + "/", StringComparison.Ordinal)) name = name[(CodeInterpreter.DataDirectory.Length + 1)..];
        return name.StartsWith('/') || name.Split('/').Contains("..") || name.Contains('\0', StringComparison.Ordinal)
            ? throw new ArgumentException($"'{name}' is not below {CodeInterpreter.DataDirectory}; give a name relative to it.", nameof(name))
            : $"{CodeInterpreter.DataDirectory}/{name}";
    }

    private static SessionsRemoteFileMetadata Describe(EntryInfo entry) => new()
    {
        Name = entry.Path[(CodeInterpreter.DataDirectory.Length + 1)..],
        SizeInBytes = entry.Type == FileType.Directory ? null : entry.SizeBytes,
        LastModifiedAt = entry.ModifiedTime.UtcDateTime,
        Type = entry.Type == FileType.Directory ? "directory" : "file",
    };

    // Models wrap code in a fence, with or without the language.
    private static string Sanitized(string code)
    {
        var clean = code.Trim().Trim('`');
        return (clean.StartsWith("python\n", StringComparison.OrdinalIgnoreCase) ? clean["python\n".Length..] : clean).Trim();
    }
}
