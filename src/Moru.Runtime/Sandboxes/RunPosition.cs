namespace Moru.Runtime;

/// <summary>A place in the list of runs. The id tells apart those that were created in the same moment.</summary>
public sealed record RunPosition(DateTimeOffset CreatedAt, string Id);
