using System.Text.Json.Serialization;

namespace Moru.Agents;

/// <summary>Settings of a <see cref="SessionsPythonPlugin"/>, named as those of Azure's.</summary>
public sealed class SessionsPythonSettings
{
    /// <summary>How long one execution may take, in seconds; default 100.</summary>
    [JsonPropertyName("timeoutInSeconds")]
    public int TimeoutInSeconds { get; set; } = 100;

    /// <summary>Whether whitespace, backticks and the word <c>python</c> around the code are removed; default true.</summary>
    [JsonPropertyName("sanitizeInput")]
    public bool SanitizeInput { get; set; } = true;

    /// <summary>
    /// Whether the model may upload files of this machine; default false. Even then it reaches <see cref="AllowedUploadDirectories"/> only.
    /// </summary>
    [JsonPropertyName("enableDangerousFileUploads")]
    public bool EnableDangerousFileUploads { get; set; }

    /// <summary>Directories of this machine whose files, and those below, may be uploaded; default none.</summary>
    [JsonPropertyName("allowedUploadDirectories")]
    public IEnumerable<string>? AllowedUploadDirectories { get; set; }

    /// <summary>Directories of this machine in which, and below which, downloads may be saved; default none. (Azure's plugin allows all by default.)</summary>
    [JsonPropertyName("allowedDownloadDirectories")]
    public IEnumerable<string>? AllowedDownloadDirectories { get; set; }
}

/// <summary>What an execution did, in the shape of Azure's sessions.</summary>
public sealed class SessionsPythonCodeExecutionResult
{
    /// <summary><c>Success</c>, or <c>Failure</c> when the code raised an exception or had to be stopped.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>What it wrote and returned.</summary>
    [JsonPropertyName("result")]
    public ExecutionDetails? Result { get; init; }

    /// <summary>The same as JSON.</summary>
    public override string ToString() => System.Text.Json.JsonSerializer.Serialize(this, SessionsJson.Default.SessionsPythonCodeExecutionResult);

    /// <summary>What an execution wrote and returned.</summary>
    public sealed class ExecutionDetails
    {
        /// <summary>Standard output.</summary>
        [JsonPropertyName("stdout")]
        public string? StdOut { get; init; }

        /// <summary>Standard error, with the traceback of an exception at its end.</summary>
        [JsonPropertyName("stderr")]
        public string? StdErr { get; init; }

        /// <summary>Value of the last line; empty when it has none.</summary>
        [JsonPropertyName("executionResult")]
        public string? ExecutionResult { get; init; }
    }
}

/// <summary>A file in <c>/mnt/data</c>, in the shape of Azure's sessions.</summary>
public sealed class SessionsRemoteFileMetadata
{
    /// <summary>Its name, relative to <c>/mnt/data</c>.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Its size; null for a directory.</summary>
    [JsonPropertyName("sizeInBytes")]
    public long? SizeInBytes { get; init; }

    /// <summary>When its content last changed.</summary>
    [JsonPropertyName("lastModifiedAt")]
    public required DateTime LastModifiedAt { get; init; }

    /// <summary><c>file</c> or <c>directory</c>.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>Its path in the sandbox.</summary>
    [JsonIgnore]
    public string FullPath => $"{CodeInterpreter.DataDirectory}/{Name}";
}

[JsonSerializable(typeof(SessionsPythonCodeExecutionResult))]
internal sealed partial class SessionsJson : JsonSerializerContext;
