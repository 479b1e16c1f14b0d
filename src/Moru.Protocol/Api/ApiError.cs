namespace Moru.Protocol;

/// <summary>Body of every failed control-plane answer, and of envd's plain HTTP answers.</summary>
/// <param name="Code">The HTTP status again; official clients decide on this member.</param>
/// <param name="Message">What went wrong, which id, and what to do next.</param>
public sealed record ApiError(int Code, string Message);
