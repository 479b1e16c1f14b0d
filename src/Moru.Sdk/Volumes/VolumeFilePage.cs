using Moru.Protocol;

namespace Moru;

/// <summary>One page of a directory in a volume.</summary>
/// <param name="Files">Its entries, by the bytes of their names.</param>
/// <param name="NextToken">Where the next page begins; null on the last page.</param>
public sealed record VolumeFilePage(IReadOnlyList<VolumeFile> Files, string? NextToken);
