using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Moru.Tools;

/// <summary>What an interpreter is asked to run.</summary>
internal sealed record KernelRequest(string Code)
{
    /// <summary>Directory of which the answer lists the files that the run has written; null: none.</summary>
    public string? Files { get; init; }

    /// <summary>What <c>call_tool(name, argument=value, …)</c> in the code calls; null: there is no such function.</summary>
    public Func<KernelCall, CancellationToken, Task<KernelReply>>? OnCall { get; init; }

    /// <summary>Hears of the newest line that the code has printed; null: nobody does.</summary>
    public IProgress<string>? Progress { get; init; }
}

/// <summary>A request as the interpreter reads it.</summary>
/// <param name="Id">The answer has it too.</param>
/// <param name="Code">The code.</param>
/// <param name="Files">Directory of which the answer lists what was written; null: none.</param>
/// <param name="Tools">Whether the code may call tools.</param>
/// <param name="Keep">Whether the answer shows once more what the last one did, which nobody has heard.</param>
internal sealed record KernelRun(int Id, string Code, string? Files, bool Tools, bool Keep);

/// <summary>Asks for the last answer, or the call of a tool that code waits for, once more.</summary>
/// <param name="Repeat">The answer has it too.</param>
internal sealed record KernelRepeat(int Repeat);

/// <summary>What an interpreter says of one run: a call that waits for a <see cref="KernelReply"/>, or its end.</summary>
internal sealed record KernelAnswer
{
    // What the interpreters keep to.
    private const int MaxText = 10_000;
    private const int MaxImages = 50;
    private const int MaxShown = 4;
    private const int MaxFiles = 1_000;

    public required int Id { get; init; }

    /// <summary>Of a <see cref="KernelRepeat"/>; 0: it is the first of its run.</summary>
    public int Repeat { get; init; }

    public KernelCall? Call { get; init; }

    public string? Value { get; init; }

    public string? Error { get; init; }

    /// <summary>Whether the time was over before the code was; the interpreter does not know that itself.</summary>
    [JsonIgnore]
    public bool Interrupted { get; init; }

    /// <summary>How the interpreter has ended; null: it goes on.</summary>
    [JsonIgnore]
    public string? Ending { get; init; }

    /// <summary>Null when the code has printed more than fits.</summary>
    public string? Stdout { get; init; }

    public string? Stderr { get; init; }

    public IReadOnlyList<KernelImage> Images { get; init; } = [];

    public IReadOnlyList<KernelFile> Files { get; init; } = [];

    /// <summary>Reads an answer, which comes out of a sandbox and may be forged.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static KernelAnswer Read(string line)
    {
        if (JsonSerializer.Deserialize(line, KernelJson.Default.KernelAnswer) is not { } read) throw new JsonException("An answer is not null.");
        var whole = read with { Images = read.Images ?? [], Files = read.Files ?? [] }; // generated code leaves out the defaults of members that are not there
        return whole.IsSound ? whole : throw new JsonException("An answer has a member that is none.");
    }

    private bool IsSound =>
        (Stdout is null) == (Stderr is null)
        && new[] { Value, Error, Stdout, Stderr }.All(text => text is null or { Length: <= MaxText })
        && Files.Count <= MaxFiles
        && Images.Count <= MaxImages
        && Images.Count(image => image.Data.Length > 0) <= MaxShown
        && Images.All(image => image.IsSound);
}

/// <summary>Code calls a tool.</summary>
internal sealed record KernelCall(string? Tool, IReadOnlyDictionary<string, JsonElement>? Arguments);

/// <summary>What a tool returned to code, or why it did not.</summary>
internal sealed record KernelReply(JsonElement? Value, string? Error);

/// <summary>A picture, and where the sandbox keeps the original; null: nowhere. Without data only the original is there.</summary>
internal readonly partial record struct KernelImage(string Type, ReadOnlyMemory<byte> Data, ToolFile? Original = null)
{
    [JsonIgnore]
    public bool IsSound => IsPicture(Type) && Data.Length <= ToolImage.MaxBytes && (Original is null || (IsPicture(Original.MediaType) && Kept().IsMatch(Original.Path)));

    private static bool IsPicture(string type) => type is "image/png" or "image/jpeg";

    [GeneratedRegex(@"^/tmp/\.moru/\d{1,10}\.plot\d{1,2}\.(png|jpeg)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Kept();
}

/// <summary>A file that a run has written.</summary>
internal readonly record struct KernelFile(string Path, long Size);

/// <summary>Stricter than what tools take, where a member too little is no harm.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KernelAnswer))]
[JsonSerializable(typeof(KernelRepeat))]
[JsonSerializable(typeof(KernelReply))]
[JsonSerializable(typeof(KernelRun))]
internal sealed partial class KernelJson : JsonSerializerContext;
